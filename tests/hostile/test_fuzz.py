"""Valid requests, mutated at random from a seed: none makes the service fail or takes much of its processor time, and
memory stays bounded.

BRIEFING_FUZZ sets how many requests are sent (1,500 by default), BRIEFING_FUZZ_SEED their seed.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.catalog import V1, V2
from api.rest.parameters import parameters
from api.rest.url import SHARED
from tests.hostile.conftest import cpu_seconds
from tests.hostile.raw_client import RESPONSE, RawClient, check_answer
from tests.http.conftest import Answer, Client

if TYPE_CHECKING:
    from tests.http.conftest import ServerProcess

COUNT = int(os.environ.get("BRIEFING_FUZZ", "1500"))
SEED = int(os.environ.get("BRIEFING_FUZZ_SEED", "20220306"))
# Seconds of processor time that a request may take. A busy machine does not add to them.
MAX_CPU = 0.25
# Seconds for which a request may hold the loop, also without working.
BLOCKED = 0.25
# Seconds that 99 % of the requests of /healthz may take meanwhile, for a busy machine: milliseconds on a free one.
MAX_WAIT = 3.0
# Bytes by which the warm process may grow.
GROWTH = 120 * 1024 * 1024
METHODS = ("GET",) * 12 + ("HEAD", "OPTIONS", "POST", "DELETE")
PIECES = (
    "\x00", "\ud7ff", "\uffff", "\U0010ffff", "%", "%00", "%ff", "%2F", "'",
    '"', '""', "\\", "\\u0000", "\\ud800", ";", "--", "/*",
    "$1", "${}", "{", "}", "[", "]", "(", ")", ",", ",,", ".", "..", "/", "//", "&", "=", "?", "#", "+", "-",
    "- - - - ", "*", "_", "~",
    "|", "<", ">", "\r\n", "\n", "\t", " ", "\u00a0", "\u202e", "é", "Київ", "🇺🇦", "null", "true", "NaN", "Infinity",
    "-0", "0", "-1",
    "1e400", "1e-400", "0x10", "1_0", "2147483647", "2147483648", "9223372036854775808", "9" * 400, "0025-01-01",
    "9999-12-31",
    "infinity", "2022-02-30", "10000-01-01", "1000-01-01T00:00:00+23:59", "or", "not", "-a", "a:b", "evt_", "a" * 300,
    "...", "@skip(if:true)",
    "$x", "on", "__typename", "first:", "filter:{", "evt_00000000000000000000000000", "src_zzzzzzzzzzzzzzzzzzzzzzzzzz",
)  # fmt: skip
VALUES = {
    "value": ("2022-03-06", "2022-03-06T12:00:00Z", "10", "1.5", "a"),
    "boolean": ("true", "false"),
    "bbox": ("20,40,45,55", "170,-10,-170,10", "-180,-90,180,90"),
    "near": ("47.1,37.5,100", "90,0,1", "0,180,20016"),
    "identifier": ("wikidata:Q131258", "a:b,c:d"),
    "list": ("shelling", "killed,injured", "en", "a", "UA", "person", "evt_00000000000000000000000000"),
}
OWN_VALUES = {
    "q": ("Mariupol", '"cease fire" or -shelling', "corridor"),
    "q_language": ("en", "uk", "tr"),
    "include": ("speaker", "citations.source", "place,figures", "briefing", "event.place"),
    "sort": ("id", "-updated_at", "starts_at", "-value", "name", "relevance", "-said_at"),
    "limit": ("1", "3", "200"),
    "cursor": ("WyJ2MS5ldmVudC4tc3RhcnRzX2F0LjQ0NjkwZjdjMTM1Yjc1NTIiLG51bGwsImV2dF8wIl0",),
    "count": ("exact", "estimated"),
    "known_at": ("2022-03-07", "2022-03-06T12:00:00Z", "e1", "e155-abcdef", "e0"),
    "facets": ("kind,status", "place_id", "citations.source_id", "measure"),
    "by": ("kind", "place_id,kind", "citations.stance", "source_id,population"),
    "bucket": ("day", "week", "month", "year"),
    "time_zone": ("UTC", "Europe/Kyiv", "Foo+3"),
    "top": ("1", "20", "2000"),
    "fill": ("true", "false"),
    "quality": ("exact",),
    "from": ("2022-03-07", "e155", "e1-abcdef"),
    "to": ("2022-03-08", "e155", "9999-12-31"),
}
# The paths of a list: in version 2 it is also counted, shown as series and compared.
PATHS = {V1: ("",), V2: ("", "", "/counts", "/series", "/diff")}
DOCUMENTS = (
    '{events(first:2,filter:{kind:{in:[SHELLING]},place:{country:{in:["UA"]}}}){nodes{id title place{name}}'
    " pageInfo{endCursor}}}",
    "query($f:QuoteFilter,$n:Int=3){quotes(first:$n,filter:$f){edges{cursor node{text speaker{name affiliation{name}}}}"
    " totalCount}}",
    "{figures(first:3,filter:{measure:{in:[KILLED]},value:{gte:1.5}},orderBy:{field:AS_OF,direction:ASC}){nodes{...f}}}"
    " fragment f on Figure{id value unit citations(first:2){nodes{stance source{name} excerpt{exact}}}}",
    '{a:node(id:"evt_00000000000000000000000000"){id ... on Event{title @include(if:true)}} nodes(ids:["a"]){id}}',
    '{events(last:2,filter:{or:[{search:{text:"talks"}},{not:{figures:{some:{disputed:true}}}}]})'
    "{nodes{figures(first:2){hasMore nodes{id}}}}}",
    "{places(filter:{near:{latitude:47,longitude:37,kilometres:100}}){nodes{name events(first:1){nodes{startsAt}}}}}",
    '{__schema{types{name fields{name type{name}}}} __type(name:"Event"){name} sources(first:1){nodes{id}}}',
    "query A{briefings{nodes{title publisher{name}}}} query B{documents(first:1){totalCount totalQuality}}",
)
VARIABLES: tuple[dict[str, Any], ...] = (
    {"f": {"speaker": {"kind": {"in": ["PERSON"]}}, "saidAt": {"gte": "2022-03-01"}}, "n": 5},
    {"f": {"or": [{"disputed": True}, {"search": {"text": "war", "language": "en"}}]}},
    {"f": None},
    {},
)


@dataclass
class Fuzz:
    """Requests from a seed, and their results."""

    service: ServerProcess
    random: random.Random
    client: Client | None = None
    statuses: Counter[int] = field(default_factory=Counter)
    slow: list[bytes] = field(default_factory=list)

    def request(self) -> bytes:
        return self.random.choice(
            (self.list_request, self.list_request, self.record, self.document, self.document, self.by_url)
        )()

    def list_request(self) -> bytes:
        version = self.random.choice((V1, V2))
        resource = self.random.choice(list(version.lists.values()))
        path = self.random.choice(PATHS[version])
        rows = parameters(version, resource)
        pairs = []
        for _ in range(self.random.randint(0, 5)):
            if self.random.random() < 0.5:
                name = self.random.choice(list(OWN_VALUES))
                value = self.random.choice(OWN_VALUES[name])
            else:
                name = self.random.choice(list(rows))
                value = self.random.choice(VALUES[rows[name].takes])
            pairs.append((self.mutate(name, 0.05), self.mutate(value, 0.4)))
        query = "&".join(f"{self.encode(name)}={self.encode(value)}" for name, value in pairs)
        name = self.mutate(resource.plural, 0.02)
        return self.frame(f"/{version.name}/{name}{path}{'?' if query else ''}{query}")

    def record(self) -> bytes:
        resource = self.random.choice(list(V1.resources.values()))
        identifier = self.mutate(f"{resource.prefix}_{'0' * 26}", 0.5)
        return self.frame(f"/v1/{resource.plural}/{self.encode(identifier)}{self.random.choice(('', '?include=a'))}")

    def document(self) -> bytes:
        body_fields = {
            "query": self.mutate(self.random.choice(DOCUMENTS), 0.7),
            "variables": self.random.choice(VARIABLES),
            **({"operationName": self.mutate("A", 0.5)} if self.random.random() < 0.2 else {}),
        }
        body = self.mutate(json.dumps(body_fields, ensure_ascii=self.random.random() < 0.5), 0.3).encode(
            "utf-8", "surrogatepass"
        )
        if self.random.random() < 0.05:
            body = self.mutate_bytes(body)
        about = f"Content-Type: application/json\r\nAccept: {RESPONSE}\r\nContent-Length: {len(body)}\r\n\r\n"
        return f"POST /v1/graphql HTTP/1.1\r\nHost: a\r\n{about}".encode() + body

    def by_url(self) -> bytes:
        document = self.encode(self.mutate(self.random.choice(DOCUMENTS), 0.5))
        variables = self.encode(self.mutate(json.dumps(self.random.choice(VARIABLES)), 0.3))
        return self.frame(f"/v1/graphql?query={document}&variables={variables}")

    def frame(self, target: str) -> bytes:
        method = self.random.choice(METHODS)
        fields = ""
        if self.random.random() < 0.2:
            name = self.random.choice(("Accept", "If-None-Match", "Origin", "X-Request-Id", "Accept-Encoding", "Range"))
            value = self.mutate(
                self.random.choice(("application/json;q=0.5, */*", '"a", W/"b"', "null", "gzip, br")), 0.8
            )
            fields = f"{name}: {value}\r\n"
        return f"{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode("utf-8", "surrogatepass")

    def mutate(self, text: str, chance: float) -> str:
        while self.random.random() < chance:
            at = self.random.randint(0, len(text))
            end = min(len(text), at + self.random.choice((0, 0, 1, 1, 2, 5, 20)))
            middle = self.random.choice(
                (self.random.choice(PIECES), text[at:end] * 2, "", text[: self.random.randint(0, 9)])
            )
            text = text[:at] + middle + text[end:]
            chance *= 0.7
        return text[:2000]

    def mutate_bytes(self, body: bytes) -> bytes:
        at = self.random.randint(0, len(body))
        return body[:at] + bytes([self.random.randint(0, 255)]) + body[at + 1 :]

    def encode(self, text: str) -> str:
        if self.random.random() < 0.03:
            return text
        return quote(text, safe=self.random.choice(("", ",:", "/")), errors="surrogatepass")

    def send(self, request: bytes) -> None:
        start_time, before = time.monotonic(), cpu_seconds(self.service)
        answer = self.read_answer(request)
        if cpu_seconds(self.service) - before > MAX_CPU or time.monotonic() - start_time > BLOCKED:
            self.slow.append(request)
        try:
            check_answer(answer)
        except AssertionError as error:
            raise AssertionError(f"{request!r} gave {answer}") from error
        assert answer.status != 503, request
        self.statuses[answer.status] += 1

    def read_answer(self, request: bytes) -> Answer:
        if self.client is None:
            self.client = Client(self.service.port)
        try:
            self.client.send(request)
            status, fields = self.client.head()
            bodiless = status in (204, 304) or request.startswith(b"HEAD ")
            body = self.client.read.read(0 if bodiless else int(fields["content-length"]))
        except Exception as error:
            raise AssertionError(f"{request!r} got no answer: {error!r}") from error
        # The rest of a request that was refused in its middle could be taken for another request.
        if fields.get("connection") == "close":
            self.close()
        return Answer(status, fields, body)

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None


@contextmanager
def probing(raw_client: RawClient) -> Iterator[list[float]]:
    """Request `/healthz` repeatedly, and note the seconds that it takes."""
    durations: list[float] = []
    over = threading.Event()

    def probe() -> None:
        while not over.wait(0.01):
            start_time = time.monotonic()
            raw_client.get("/healthz")
            durations.append(time.monotonic() - start_time)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield durations
    finally:
        over.set()
        thread.join()


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has to itself."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


def least_times(service: ServerProcess, attempt: Callable[[], None], times: int = 3) -> tuple[float, float]:
    """Return the least processor time of the service, and the least time, that an attempt took, in seconds."""
    cpu_times, durations = [], []
    for _ in range(times):
        start_time, before = time.monotonic(), cpu_seconds(service)
        attempt()
        cpu_times.append(cpu_seconds(service) - before)
        durations.append(time.monotonic() - start_time)
    return min(cpu_times), min(durations)


def test_each_shared_parameter_has_values() -> None:
    assert SHARED.keys() <= OWN_VALUES.keys()


def test_no_mutation_is_a_fault_of_ours_or_takes_much_processor_time(service: ServerProcess) -> None:
    fuzz = Fuzz(service, random.Random(SEED))
    for _ in range(min(COUNT, 500)):
        fuzz.send(fuzz.request())
    before = resident(service.process.pid)
    with probing(RawClient(service.port)) as durations:
        for _ in range(COUNT - min(COUNT, 500)):
            fuzz.send(fuzz.request())
    growth = resident(service.process.pid) - before
    longest = quantiles(durations, n=100)[-1]
    print(f"\n{dict(fuzz.statuses)}, 99 % of /healthz within {longest:.3f} s, grown by {growth / 2**20:.1f} MiB")
    print(f"slow: {len(fuzz.slow)}")
    assert fuzz.statuses[200] > COUNT // 20 and fuzz.statuses[400] > COUNT // 20
    assert growth < GROWTH
    assert longest < MAX_WAIT, "a request held the loop without working, for example in a call that blocks"
    # The first request of a kind may also load a library. One that takes long on its own account does so again.
    for request in list(fuzz.slow):
        cpu_time, duration = least_times(service, partial(fuzz.send, request))
        assert cpu_time < MAX_CPU and duration < BLOCKED, request
    fuzz.close()
