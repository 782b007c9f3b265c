"""Serve the built book as a web host would: compressed, one folder, this machine only."""

from __future__ import annotations

import functools
import gzip
import http.server
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HTML = Path(__file__).parents[1] / "_build" / "html"
COMPRESSED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".inv"}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder, text compressed, no log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def send_head(self) -> Any:
        """Answer with the compressed file where that is what a web host does."""
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.html"
        accepts = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (path.is_file() and path.suffix in COMPRESSED and accepts):
            return super().send_head()
        body = _compressed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        return io.BytesIO(body)


@functools.cache
def _compressed(path: Path, _changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


def server(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """Return a server of the folder on this machine; port 0 takes a free one."""
    handler = functools.partial(Handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


@contextmanager
def served(folder: Path = HTML) -> Iterator[str]:
    """Serve the folder meanwhile, and give its address."""
    running = server(folder)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        running.server_close()


def main(arguments: list[str]) -> int:
    """Serve the built book until interrupted."""
    port = arguments[0] if arguments else "8000"
    try:
        running = server(HTML, int(port))
    except (OSError, OverflowError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "a port is a number up to 65535"
        print(f"serve: port {port}: {reason}; try another: make serve PORT=…", file=sys.stderr)
        return 1
    print(f"The course is at http://127.0.0.1:{port}/ ; stop with Ctrl+C.", flush=True)
    try:
        running.serve_forever()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
