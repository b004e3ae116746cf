# Varnish in front of Wamplex: WebSockets are piped through, files of the page are cached, the rest is passed on.
#
#     varnishd -a :80 -f /etc/varnish/varnish.vcl -p pipe_timeout=60
#
# pipe_timeout is the silence after which Varnish closes a WebSocket. The router pings every 25 s (`ping_interval`), so it
# is for connections that are dead; it must not be below.
#
# Varnish has no TLS. Whatever ends it in front (Hitch, HAProxy) tells Varnish who the client is by the PROXY protocol,
# on a port of its own: `-a 127.0.0.1:8443,PROXY`.
#
# The router needs, in config.yaml:
#
#   listeners:
#     - host: 127.0.0.1
#       port: 8080
#       trusted_proxies: [127.0.0.1]

vcl 4.1;

import std;

backend wamplex {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 5s;
    .first_byte_timeout = 60s;      # long-poll is answered after 10 s at the latest
}

sub vcl_recv {
    # Who the client is. Varnish has appended its address to X-Forwarded-For already; these are the client's own words.
    unset req.http.X-Forwarded-Host;
    unset req.http.X-Forwarded-Proto;
    if (std.port(local.ip) == 8443) {
        set req.http.X-Forwarded-Proto = "https";
    }

    if (req.http.Upgrade ~ "(?i)websocket") {
        return (pipe);
    }
    # Logins, long-poll and calls over HTTP are for one client each.
    if ((req.method != "GET" && req.method != "HEAD") || req.http.Authorization || req.http.Cookie) {
        return (pass);
    }
}

sub vcl_pipe {
    # These two are not passed on by themselves.
    set bereq.http.Upgrade = req.http.Upgrade;
    set bereq.http.Connection = req.http.Connection;
    return (pipe);
}

sub vcl_backend_response {
    # Nothing is kept that the router does not allow to be kept.
    if (beresp.http.Cache-Control ~ "(?i)no-store|no-cache|private" || beresp.http.Set-Cookie) {
        set beresp.uncacheable = true;
        set beresp.ttl = 10s;
    }
    return (deliver);
}
