"""Backend workers: ordinary WAMP clients in Python, which know of the router no more than its address.

    calculator    com.example.add2, and com.example.countdown with progressive results
    ticker        publishes com.example.ticker.<symbol>
    logtail       publishes the lines of a file as com.example.log, and recalls the last ones
    fireflies     com.example.fireflies.*, a game of many players, and referees it
    presence      com.example.presence.*, who is in which room
    chat          com.example.chat.send, and publishes com.example.chat.room.<room>
    lock          com.example.lock.*, documents that one may write at a time

`python -m clients` starts all of them in one process, `python -m clients ticker` or `python -m clients.ticker` one.
A worker is an object with one method, `serve(session)`, which runs whenever a session has joined the realm:
`connection.py` connects it, for ever; `command.py` is the command line.
"""
