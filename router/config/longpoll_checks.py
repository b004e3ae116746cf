"""What must fit together in a listener that speaks long-poll."""

from router.config.checking import known
from router.config.decoding import Decoder
from router.config.listeners import Listener, WebSocket
from router.config.longpoll import LongPoll
from router.config.wording import quoted


def check_longpoll(listener: Listener, decoder: Decoder) -> None:
    """Check that there is HTTP for it, and an address of its own."""
    longpoll, websocket = listener.longpoll, listener.websocket
    if not isinstance(longpoll, LongPoll):
        return
    if listener.http is False and decoder.says(listener, "longpoll"):
        decoder.note(decoder.place(listener, "longpoll"), "long-poll is HTTP: it needs `http: true`")
    if not known(longpoll.path):
        return
    if longpoll.path == "/":
        decoder.note(decoder.place(longpoll, "path"), "long-poll needs a path of its own, such as /lp")
    elif isinstance(websocket, WebSocket) and known(websocket.path) and longpoll.path == websocket.path:
        place = decoder.place(longpoll if decoder.says(longpoll, "path") else websocket, "path")
        decoder.note(place, f"long-poll and WebSocket cannot both be at {quoted(longpoll.path)}")
