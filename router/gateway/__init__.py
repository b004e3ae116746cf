"""The bridge between HTTP and a realm: `bridges` of config.yaml.

In:

- `addresses`, `hooks`, `front`: what can be asked for, as Twisted's resources; `bodies`: what requests and answers say
- `exchange`: one request and its answer; `refusal`: which error has which status
- `gate`: what every request has to pass; `seen`: nothing is done twice
- `proofs`, `signatures`, `crossbar_signatures`, `hook_signatures`: who a request is from
- `visitors`: the sessions in which requests are done; `link`: a session whose transport ends in the router

Out:

- `forwards`: subscriptions and registrations of the router's own; `forwarding`: what is said to a server
- `deliveries`: the queue, and what is tried again; `target`: HTTP

`gateway` puts it together, and `openapi` describes it.
"""

from router.gateway.gateway import Gateway, gateways_of

__all__ = ["Gateway", "gateways_of"]
