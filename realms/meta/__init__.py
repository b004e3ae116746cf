"""The meta API: procedures that the router itself provides under `wamp.`, and the events that it publishes there.

`procedure` makes a WAMP procedure of a Python function and checks its arguments; `sessions`, `registrations`,
`subscriptions`, `testaments`, `history`, `reflection` and `interfaces` hold the functions, each with the section of the
spec that it follows; `catalogue` lists them by URI; `events` is what the router tells of its own accord, `statistics`
what it tells every so often; `answers` answers a CALL.

For permissions these are procedures and topics like all others, but see `realms.roles.GUARDED`.

Chapter "Meta API" of the advanced profile. Read in this order: `procedure`, `sessions`, `catalogue`, `answers`,
`events`, `statistics`.
"""
