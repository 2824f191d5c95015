"""The environment that a shell gets, in real shells."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tools.setup import activation_script, swarmnet_script

SHOW = 'printf "%s|%s|%s" "$PATH" "${PULUMI_BACKEND_URL-}" "${PULUMI_CONFIG_PASSPHRASE-unset}"'
MINE = {"PULUMI_BACKEND_URL": "s3://mine"}


@pytest.fixture(params=["sh", "bash"])
def shell(request: pytest.FixtureRequest) -> str:
    """The shells of a Debian machine."""
    return str(request.param)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder whose name a careless script would split in two."""
    folder = tmp_path / "a checkout's"
    folder.mkdir()
    (folder / "activate").write_text(activation_script(folder, [folder / "one", folder / "two"]))
    return folder


def sourced(shell: str, checkout: Path, **environment: str) -> tuple[list[str], str]:
    """The script, sourced in an environment without more: PATH, backend and passphrase, and what was said."""
    command = [shell, "-euc", f'. "$0"; {SHOW}', checkout / "activate"]
    environment = {"PATH": "/usr/bin:/bin", **environment}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return answer.stdout.split("|"), answer.stderr


def test_path_comes_first_and_no_backend_is_chosen(shell: str, checkout: Path) -> None:
    """One line says what to type, and no state is begun in the checkout. Pulumi is not to ask for a passphrase that
    protects nothing."""
    quoted = shlex.quote(f"file://{checkout}/.pulumi-state")
    line = (
        "nothing says where Pulumi's state is: type `pulumi login`, or `pulumi login URL` such as s3://BUCKET; for the "
        f"stack of `make demo`: export PULUMI_BACKEND_URL={quoted}\n"
    )

    told = sourced(shell, checkout, HOME=str(checkout))

    assert ([f"{checkout}/one:{checkout}/two:/usr/bin:/bin", "", ""], line) == told
    assert not (checkout / ".pulumi-state").exists()


@pytest.mark.parametrize(
    ("expected", "chosen"),
    [
        (("s3://mine", ""), MINE),
        (("s3://mine", "hers"), {**MINE, "PULUMI_CONFIG_PASSPHRASE": "hers"}),
        (("s3://mine", "unset"), {**MINE, "PULUMI_CONFIG_PASSPHRASE_FILE": "/hers"}),
    ],
    ids=["a backend", "a passphrase", "a file that holds one"],
)
def test_choice_of_user_stays(shell: str, checkout: Path, expected: tuple[str, str], chosen: dict[str, str]) -> None:
    """Nothing is said of it, also in a shell without a home that stops at what is unset, as in CI."""
    (_, *actual), said = sourced(shell, checkout, **chosen)

    assert (expected, "") == (tuple(actual), said)


@pytest.mark.parametrize(
    ("expected", "url"), [("", "https://api.example.com"), ("nothing says where", "")], ids=["login", "logout"]
)
def test_login_stays(shell: str, checkout: Path, expected: str, url: str) -> None:
    """Pulumi finds its own backend; `pulumi logout` leaves the file with nobody in it."""
    (checkout / ".pulumi").mkdir()
    (checkout / ".pulumi" / "credentials.json").write_text(f'{{\n    "current": "{url}"\n}}')

    (_, backend, _), said = sourced(shell, checkout, HOME=str(checkout))

    assert ("", expected) == (backend, said[:18])


def test_swarmnet_from_anywhere(tmp_path: Path) -> None:
    """The command runs this checkout's `cli` with the words given, whatever lies in the working directory."""
    package, elsewhere = tmp_path / "a checkout's" / "cli", tmp_path / "elsewhere" / "cli"
    for folder, words in ((package, "ours"), (elsewhere, "theirs")):
        folder.mkdir(parents=True)
        (folder / "__main__.py").write_text(f"import sys; print({words!r}, sys.argv[1:])")
    script = tmp_path / "swarmnet"
    script.write_text(swarmnet_script(package.parent, Path("python3")))

    command = ["sh", script, "plan", "two words"]
    answer = subprocess.run(command, cwd=elsewhere.parent, capture_output=True, text=True, check=True)

    assert "ours ['plan', 'two words']\n" == answer.stdout
