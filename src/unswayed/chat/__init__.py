"""Chat completions over HTTP: one client for models, judges and writers.

    endpoints   where the server is and what it can do: presets and capabilities
    records     what is sent and what comes back
    limits      what sending may cost, and the count of what it has cost
    client      sends many requests at once; retries, paces, stops at the budget
    attempt     one request over the wire (aiohttp, the only module that imports it)
    replies     bytes of a reply → a reply, or the reason why it is none
    refusals    status and body of an HTTP error → whose move it is
    pace        how long to wait, how many requests to have in flight
    cache       replies kept by what was asked
    prices      what the tokens cost

Plain JSON and no SDK: with log-probabilities an SDK's typed objects cost ten times the processor
time of the request itself (`benchmarks/http_cpu.py`).

A reply is `ok`, `refused` or `error`. Nothing that is not a whole, well-formed reply becomes an
answer, and a key is never written, logged, shown or put into an exception.
"""
