"""Draws docs/figures/explorer.png: the explorer on a run of the organism, seen by a browser.

    python dev/explorer_figure.py [--run FOLDER] [--browser chromium]

Needs the extras `transformers` and `view`, and Chromium or Chrome. Without `--run` the organism is
evaluated first, which takes a minute. Colours are reduced to a palette, so that the file is small.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).parents[1] / "docs" / "figures" / "explorer.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (1280, 1180)
SHOWN = "output?sample=scenes%2F0-8&under=wrong-think&swayed=yes&at=4"


def evaluated(folder: Path) -> Path:
    """Evaluate the organism on some scenes."""
    asked = ["--model", "organism", "--benchmark", "scenes,n=24", "--variants", "all"]
    command = [sys.executable, "-m", "unswayed", "evaluate", *asked, "--out", str(folder)]
    subprocess.run([*command, "--no-report"], check=True, stdout=subprocess.DEVNULL)
    return folder


def seen(browser: str, address: str, folder: Path) -> Image.Image:
    """Return a page as the browser draws it."""
    picture = folder / "seen.png"
    size = f"--window-size={SIZE[0]},{SIZE[1]}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size]
    subprocess.run(
        [browser, *flags, f"--screenshot={picture}", address], check=True, capture_output=True
    )
    return Image.open(io.BytesIO(picture.read_bytes())).convert("RGB")


def main() -> None:
    """Draw the figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, help="a run of the organism on scenes")
    parser.add_argument("--browser", default=next(filter(shutil.which, BROWSERS), None))
    options = parser.parse_args()
    if options.browser is None:
        sys.exit(f"expected one of {', '.join(BROWSERS)}, found none; name one with --browser")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = options.run or evaluated(folder / "organism")
        view = [sys.executable, "-m", "unswayed", "view", str(run), "--port", "0"]
        with subprocess.Popen(
            [*view, "--cache", str(folder / "cache")], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                address = process.stdout.readline().strip() if process.stdout else ""
                page = seen(options.browser, f"{address}r/{run.name}/{SHOWN}", folder)
            finally:
                process.terminate()
    page.quantize(64, dither=Image.Dither.NONE).save(TARGET, optimize=True)
    print(TARGET, f"{TARGET.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
