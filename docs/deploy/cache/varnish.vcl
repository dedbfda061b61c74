# A cache of lists and records in front of the service, whose BRIEFING_SHARED_CACHE has to be on. It needs the module xkey,
# which is in Debian's package varnish-modules. Varnish does not terminate TLS.
vcl 4.1;

import std;
import xkey;

probe ready {
    .url = "/readyz";
    .interval = 1s;
    .timeout = 1s;
    .window = 3;
    .threshold = 2;
    .initial = 2;
}

backend briefing {
    .host = "127.0.0.1";
    .port = "8001";
    .probe = ready;
}

# Who may drop answers.
acl operators {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.restarts == 0) {
        unset req.http.X-Stale;
        # The service makes an id for each request. That of a client would be shown to others with a kept answer.
        unset req.http.X-Request-Id;
    }
    # The service has no cookies. With one of another application, Varnish would keep no answer.
    unset req.http.Cookie;
    if (req.method == "PURGE") {
        # Varnish adds the address that it sees. With another one before it, another proxy passes the request on.
        if (client.ip !~ operators || req.http.X-Forwarded-For ~ ",") {
            return (synth(403));
        }
        if (req.http.Surrogate-Key) {
            return (synth(200, "Purged " + xkey.purge(req.http.Surrogate-Key)));
        }
        return (purge);
    }
    if (req.http.Authorization || req.http.X-API-Key || req.url ~ "^/v[0-9]+/graphql") {
        return (pass);
    }
    # An old answer is better than an error, but not better than a current one.
    if (std.healthy(req.backend_hint) && !req.http.X-Stale) {
        set req.grace = 0s;
    } else {
        set req.grace = 60s;
    }
}

sub vcl_backend_response {
    # A refresh that failed must not replace the answer that it was for.
    if (beresp.status >= 500 && bereq.is_bgfetch) {
        return (abandon);
    }
    # An error is for one caller.
    if (beresp.status >= 400) {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        return (deliver);
    }
    if (beresp.http.Surrogate-Key) {
        set beresp.http.xkey = beresp.http.Surrogate-Key;
        # As `stale-if-error`. Answers that are too old are also validated by their ETag, which costs no points.
        set beresp.grace = 60s;
        set beresp.keep = 60s;
    } else {
        set beresp.grace = 0s;
    }
}

sub vcl_deliver {
    if (resp.status >= 500 && req.restarts == 0 && req.method == "GET") {
        set req.http.X-Stale = "1";
        return (restart);
    }
    # What is for caches alone.
    unset resp.http.Surrogate-Key;
    unset resp.http.xkey;
    unset resp.http.X-Accel-Expires;
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
}
