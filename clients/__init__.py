"""Backend workers: ordinary WAMP clients in Python, which know of the router no more than its address.

    calculator    com.example.add2, and com.example.countdown with progressive results
    ticker        publishes com.example.ticker.<symbol>
    logtail       publishes the lines of a file as com.example.log, and recalls the last ones

`python -m clients` starts all of them in one process, `python -m clients ticker` or `python -m clients.ticker` one.
A worker is an object with one method, `serve(session)`, which runs whenever a session has joined the realm:
`connection.py` connects it, for ever; `command.py` is the command line.
"""
