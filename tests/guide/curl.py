"""A replacement for curl on machines that have none. It has the options that the pages use, and no others."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

import httpx2

READ = ArgumentParser("curl", allow_abbrev=False)
READ.add_argument("url")
READ.add_argument("-s", action="store_true")
READ.add_argument("-o", default="-")
READ.add_argument("-D")
READ.add_argument("-w", default="")
READ.add_argument("-H", action="append", default=[])
READ.add_argument("-d")


def write(where: str, what: bytes) -> None:
    """Write to a file, or to standard output if it is `-`."""
    if where == "-":
        sys.stdout.buffer.write(what)
        sys.stdout.buffer.flush()
    else:
        Path(where).write_bytes(what)


def main() -> None:
    arguments = READ.parse_args()
    headers = dict(header.split(": ", 1) for header in arguments.H)
    answer = httpx2.request("POST" if arguments.d else "GET", arguments.url, headers=headers, content=arguments.d)
    if arguments.D:
        lines = [f"{name}: {value}" for name, value in answer.headers.items()]
        write(arguments.D, "\r\n".join([f"HTTP/1.1 {answer.status_code}", *lines, "", ""]).encode())
    write(arguments.o, answer.content)
    write("-", arguments.w.replace("%{http_code}", str(answer.status_code)).replace("\\n", "\n").encode())


main()
