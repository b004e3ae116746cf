"""A Flask application, and some that no framework would let pass, for test_mounts.py."""

import json
import threading

from flask import Flask, Response, redirect, request, session

app = Flask(__name__)
app.secret_key = "only for tests"
released = threading.Event()
closed = threading.Event()
written = [0]


@app.get("/")
def index():
    return f"Hello {session.get('name', 'stranger')}"


@app.post("/name")
def name():
    session["name"] = request.form["name"]
    return redirect("..", 303)


@app.route("/environ", methods=["GET", "POST"])
def environ():
    return {
        **{key: value for key, value in request.environ.items() if isinstance(value, str)},
        "body": request.get_data(as_text=True),
    }


@app.post("/size")
def size():
    return str(len(request.get_data()))


@app.get("/hold")
def hold():
    released.wait(20)
    return "held"


@app.get("/release")
def release():
    released.set()
    return "released"


@app.get("/stream")
def stream():
    return Response((b"%07d\n" % number * 1000 for number in range(1000)), mimetype="text/plain")


@app.get("/endless")
def endless():
    def pieces():
        try:
            while True:
                written[0] += 65536
                yield b"x" * 65536
        finally:
            closed.set()

    written[0] = 0
    return Response(pieces())


@app.get("/written")
def how_much_of_it():
    return str(written[0])


@app.get("/closed")
def is_closed():
    return str(closed.wait(10))


@app.get("/fail")
def fail():
    raise ValueError("a secret of {ours}")


def bad(environ, start_response):
    """What is wrong is in the path."""
    wrong = environ["PATH_INFO"][1:]
    length = {"longer": "3", "shorter": "100"}.get(wrong)
    headers = [("Content-Type", "text/plain"), ("Connection", "keep-alive"), ("X-Split", "a\r\nX-Evil: b")]
    if wrong == "early":
        raise ValueError("a secret of ours")
    if wrong == "silent":
        return [b"text"]
    if wrong == "status":
        start_response("0", headers)
        return []
    start_response("200 OK", headers + ([("Content-Length", length)] if length else []))
    return pieces(wrong)


def pieces(wrong):
    yield b"begun"
    if wrong == "amid":
        raise ValueError("a secret of ours")


def factory():
    return app


async def asgi(scope, receive, send):
    await send(json.dumps(scope))
