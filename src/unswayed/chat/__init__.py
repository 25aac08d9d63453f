"""Chat completions over HTTP: one client for models, judges and writers.

    endpoints   where the server is and what it can do: presets and capabilities
    records     what is sent and what comes back
    limits      the most that sending may take: requests, tokens, money, attempts
    budget      what has been spent of it
    client      sends many requests at once: one reply for each
    sending     one such call: retries, pacing, the end of the budget
    asking      one question to a server's other routes, such as its tokenizer
    server      what all calls of a client know of its server
    wire        one request over HTTP (aiohttp, the only module that imports it)
    replies     the bytes of a reply → a reply, or the reason why there is none
    faults      status and body of an HTTP error → try again, give the item up, or stop the run
    pace        how long to wait, how many requests to have in flight
    cache       replies kept by what was asked
    prices      what the tokens cost

Plain JSON and no SDK: with log-probabilities an SDK's typed objects cost ten times the processor
time of the request itself (`benchmarks/http_cpu.py`).

A reply is `ok`, `refused` or `error`. Nothing that is not a whole, well-formed reply becomes an
answer, and a key is never written, logged, shown or put into an exception.
"""
