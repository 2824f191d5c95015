"""The Engine's refusals and their meaning; statuses and words as measured (measurements.md#refusals)."""

import pytest

from providers.hosts.engine_api.refusals import refusal
from providers.rules.vocabulary.errors import Conflict, EngineError, InUse, NoQuorum, NotAManager, NotFound

GRPC = "rpc error: code = {} desc = {}".format
NO_LEADER = "The swarm does not have a leader. It's possible that too few managers are online."
ATTACHING = "attaching to network failed, make sure your network options are correct and check manager logs"
LOCKED = "Swarm is encrypted and needs to be unlocked before it can be used."

MEASURED = [
    (404, "network app not found", NotFound),
    (404, "endpoint gateway_ingress-sbox not found", NotFound),
    (500, "network nx2k1q8o7m3zq5v9 not found", NotFound),
    (409, "network with name app already exists", Conflict),
    (409, GRPC("AlreadyExists", "ingress network (x) is already present"), Conflict),
    (500, GRPC("Unknown", "update out of sequence"), Conflict),
    (500, GRPC("Unknown", "name conflicts with an existing object"), Conflict),
    (503, "This node is already part of a swarm. Use ...", Conflict),
    (503, "This node is not part of a swarm", Conflict),
    (500, GRPC("Unknown", NO_LEADER), NoQuorum),
    (500, GRPC("DeadlineExceeded", "context deadline exceeded"), NoQuorum),
    (503, GRPC("Unavailable", "connection error"), NoQuorum),
    (500, f"failed to set up container networking: {ATTACHING}: context deadline exceeded", EngineError),
    (503, "This node is not a swarm manager. Use ...", NotAManager),
    (403, "Cannot create a multi-host network from a worker node. Please ...", NotAManager),
    (503, LOCKED, NotAManager),
    (403, "error while removing network: network docker_gwbridge id x has active endpoints", InUse),
    (400, GRPC("FailedPrecondition", "network x is in use by service y"), InUse),
    (400, GRPC("FailedPrecondition", "network x is in use by task y"), InUse),
    (400, "ingress network cannot be removed because service x depends on it", InUse),
    (400, "invalid network config", EngineError),
    (403, "Pool overlaps with other one on this address space", EngineError),
    (500, "invalid join token", EngineError),
    (503, "Timeout was reached before node joined. ...", EngineError),
]


@pytest.mark.parametrize(("status", "words", "kind"), MEASURED)
def test_meaning(status, words, kind):
    """Each refusal has its one kind of error."""
    assert kind is type(refusal("h1", status, words))


@pytest.mark.parametrize(
    ("status", "words", "message"),
    [
        (400, "invalid network config:\ninvalid subnet\n", "invalid network config: invalid subnet"),
        (503, LOCKED, f"{LOCKED}: run `docker swarm unlock` there"),
        (502, "", "the Engine answers 502 and says nothing"),
    ],
    ids=["one line", "a locked swarm, and what to do", "no words"],
)
def test_message(status, words, message):
    """Host, then the Engine's words, on one line that is never empty."""
    assert f"h1: {message}" == str(refusal("h1", status, words))
