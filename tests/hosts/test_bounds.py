"""The bounds of one exchange with a host that never stops sending."""

import json
import subprocess
import sys
from itertools import chain, repeat

import pytest
from pydantic import ValidationError

from providers.hosts.bounds import TooLate
from providers.hosts.engine_api.engine import Engine
from providers.hosts.engine_api.schema import read_answer
from providers.rules.vocabulary.answers import MOST_ITEMS, form
from providers.rules.vocabulary.errors import EngineError, Unreachable
from providers.rules.vocabulary.facts import Network
from tests.support.fake_pipe import Pipe, PipedHost
from tests.support.machines import ROOT

PONG = b"HTTP/1.1 200 OK\r\nApi-Version: 1.51\r\nContent-Length: 2\r\n\r\nOK"
MIB = bytes(2**20)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def drip(sent):
    """A byte at a time."""
    return (bytes([each]) for each in sent)


@pytest.mark.parametrize(
    "act", [lambda exchange: exchange.makefile().read(1000), lambda exchange: exchange.sendall(bytes(1000))]
)
def test_time_is_for_all_of_it(act):
    """The bound holds however soon each byte comes, or is taken now and then."""
    pipe = Pipe(repeat(b"x"), seconds=1)
    pipe.exchange.begin(30)
    with pytest.raises(TooLate):
        act(pipe.exchange)

    assert 30 == pipe.now


def test_each_exchange_has_its_own():
    """Time spent on the exchange before does not count."""
    pipe = Pipe(repeat(b"x"), seconds=20)
    pipe.exchange.begin(30)
    first = pipe.exchange.recv(1)
    pipe.exchange.begin(30)

    assert (b"x", b"x") == (first, pipe.exchange.recv(1))


LATE = "h1: the Engine does not answer GET /info within 30 s"
LONG = "h1: invalid response from the Engine: GET /info: it is longer than 25 MiB"
BROKE = "h1: the connection broke during GET /info"
NO_JSON = "h1: invalid response from the Engine: GET /info: it is not JSON: not a Docker Engine's answer"

NO_ANSWERS = {
    "headers that drip": (LATE, drip(HEAD + b"X: y\r\n" * 100)),
    "a body that drips": (LATE, drip(HEAD + b"Content-Length: 100\r\n\r\n" + bytes(100))),
    "100 Continue without end": (LATE, repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "chunks that drip": (LATE, drip(CHUNKED + b"1\r\n \r\n" * 100)),
    "more than can be held": (LONG, chain([HEAD + b"Content-Length: 999999999999\r\n\r\n"], repeat(MIB))),
    "a body without end": (LONG, chain([HEAD + b"\r\n"], repeat(MIB))),
    "chunks without end": (LONG, chain([CHUNKED], repeat(b"100000\r\n" + MIB + b"\r\n"))),
    "headers without end": (BROKE, chain([HEAD], repeat(b"X: y\r\n"))),
    "a header without end": (BROKE, [HEAD + b"X: " + MIB]),
    "a chunk of no length": (BROKE, [CHUNKED + b"zz\r\n"]),
    "two lengths": (BROKE, [HEAD + b"Content-Length: 1, 2\r\n\r\nab"]),
    "half an answer": (BROKE, [HEAD + b'Content-Length: 99\r\n\r\n{"Swarm"']),
    "no JSON": (NO_JSON, [HEAD + b"Content-Length: 5\r\n\r\nhello"]),
    "JSON without end": (NO_JSON, [HEAD + b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000]),
}


@pytest.mark.parametrize(("expected", "answer"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_no_answer_is_waited_for_or_read_without_end(expected, answer):
    """Each is that host's error, in one line."""
    host = PipedHost([PONG], answer, seconds=expected == LATE)
    with pytest.raises((Unreachable, EngineError), match=f"^{expected}$"):
        Engine(host).read("/info", object, timeout=30)


@pytest.mark.parametrize("item", [b"{}", b"0", b"[]", b'""'])
def test_many_small_values_are_not_even_made(item):
    """They take a hundred times as much memory as the bytes that say them."""
    body = b"[" + b",".join([item] * 1_000_001) + b"]"
    host = PipedHost([PONG], [HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body])
    with pytest.raises(EngineError, match=r"GET /networks: it has more than 380,000 values$"):
        Engine(host).read("/networks", list[Network])


def test_the_first_problem_ends_a_list():
    """Each that is found takes a kilobyte."""
    with pytest.raises(ValidationError) as caught:
        form(list[Network]).validate_json(json.dumps([{}] * 10_000), strict=True)

    assert 1 == len({problem["loc"][0] for problem in caught.value.errors()})


@pytest.mark.parametrize("name", ["Containers", "Labels"])
def test_the_first_problem_ends_a_mapping(name):
    """Each that is found takes a kilobyte."""
    network = {"Id": "n1", "Name": "app", name: dict.fromkeys(map(str, range(10_000)), 5)}
    with pytest.raises(ValidationError) as caught:
        form(Network).validate_json(json.dumps(network), strict=True)

    assert 1 == caught.value.error_count()


@pytest.mark.parametrize(
    ("wrong", "network"),
    [
        ("Containers: ", {"Containers": {str(number): {} for number in range(MOST_ITEMS + 1)}}),
        ("IPAM.Config: ", {"IPAM": {"Config": [{}] * (MOST_ITEMS + 1)}}),
    ],
)
def test_a_network_has_no_more_of_anything_than_addresses(wrong, network):
    """Few bytes say many items."""
    with pytest.raises(ValueError, match=f"^{wrong}(dictionary|list) should have at most 100000 items"):
        read_answer(Network, json.dumps({"Id": "n1", "Name": "app", **network}))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x" * 500])
def test_nothing_is_unpacked(coding):
    """It is not asked for, and a few bytes could become any number of them."""
    packed = HEAD + f"Content-Encoding: {coding}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    host = PipedHost([PONG], [packed])
    with pytest.raises(EngineError, match=f"GET /info: unexpected Content-Encoding '{coding[:80]}'$"):
        Engine(host).read("/info", object)

    assert b"Accept-Encoding: identity\r\n" in host.sent


@pytest.mark.parametrize("status", [199, 300, 301, 302, 307, 308, 404, 500, 999])
def test_only_2xx_is_a_success(status):
    """An Engine leads nobody elsewhere."""
    moved = f"HTTP/1.1 {status} x\r\nLocation: /elsewhere\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with pytest.raises(EngineError, match=r"^h1: "):
        Engine(PipedHost([PONG], [moved])).read("/info", object)


def test_a_refusal_is_told_in_a_few_lines():
    """It is cut however much it says."""
    refused = b"HTTP/1.1 500 x\r\nContent-Length: 1000000\r\n\r\n" + b"network " * 125_000
    with pytest.raises(EngineError) as caught:
        Engine(PipedHost([PONG], [refused])).read("/info", object)

    assert len(str(caught.value)) < 2_100


@pytest.mark.parametrize("version", ["", "1", "1.x", "1.41/../..", "1.٤", "9" * 5000 + ".1", "1.1\x0bx"])
def test_a_version_is_two_numbers(version):
    """It becomes part of every path."""
    pong = HEAD + f"Api-Version: {version}\r\nContent-Length: 2\r\n\r\nOK".encode()
    with pytest.raises(EngineError, match="h1: the answer is not from a Docker Engine"):
        Engine(PipedHost([pong])).read("/info", object)


@pytest.mark.whole
@pytest.mark.parametrize(
    "piece",
    ["{},", f'{{"Id":"{"a" * 130}"}},', f'"{"a" * 60_000}",'],
    ids=["empty values", "values as long as they may be for their number", "long texts"],
)
def test_fifty_liars_take_no_more_than_a_few(piece):
    """All answer as much as they may, at once: the process takes at most 200 MiB, of which its modules are 60."""
    words = [sys.executable, "-m", "tests.support.fifty_liars", piece]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "" == ran.stderr
    assert int(ran.stdout) < 200
