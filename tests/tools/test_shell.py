"""The environment that a shell gets, in real shells."""

import shlex
import subprocess
from pathlib import Path

import pytest

from tools.shell import activation_script, swarmnet_script

SHOW = 'printf "%s|%s|%s" "$PATH" "${PULUMI_BACKEND_URL-}" "${PULUMI_CONFIG_PASSPHRASE-unset}"'


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


def sourced(shell: str, checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script, sourced in an empty environment."""
    home = {"PATH": "/usr/bin:/bin", "HOME": str(checkout)}
    return subprocess.run(
        [shell, "-euc", f'. "$0"; {SHOW}', checkout / "activate"],
        env={**home, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def activated(shell: str, checkout: Path, **environment: str) -> dict[str, str]:
    """Return what an empty environment becomes by activation."""
    answer = sourced(shell, checkout, **environment)
    return dict(zip(("path", "backend", "passphrase"), answer.stdout.split("|"), strict=True))


def test_path(shell: str, checkout: Path) -> None:
    """The folders given come first, in their order."""
    expected = f"{checkout}/one:{checkout}/two:/usr/bin:/bin"

    assert expected == activated(shell, checkout)["path"]


def test_no_backend_is_chosen(shell: str, checkout: Path) -> None:
    """One line says what to type; no state is begun in the checkout."""
    quoted = shlex.quote(f"file://{checkout}/.pulumi-state")
    line = (
        "nothing says where Pulumi's state is: type `pulumi login`, or `pulumi login URL` such as s3://BUCKET; for the "
        f"stack of `make demo`: export PULUMI_BACKEND_URL={quoted}\n"
    )

    assert (line, "") == (sourced(shell, checkout).stderr, activated(shell, checkout)["backend"])
    assert not (checkout / ".pulumi-state").exists()


def test_backend_of_user_stays(shell: str, checkout: Path) -> None:
    """A backend named in the environment is left alone, and nothing is said of it."""
    assert "s3://mine" == activated(shell, checkout, PULUMI_BACKEND_URL="s3://mine")["backend"]
    assert "" == sourced(shell, checkout, PULUMI_BACKEND_URL="s3://mine").stderr


def test_login_stays(shell: str, checkout: Path) -> None:
    """After `pulumi login` no backend is set: Pulumi finds its own."""
    (checkout / ".pulumi").mkdir()
    (checkout / ".pulumi" / "credentials.json").write_text('{\n    "current": "https://api.example.com"\n}')

    assert ("", "") == (activated(shell, checkout)["backend"], sourced(shell, checkout).stderr)


def test_logout_is_no_login(shell: str, checkout: Path) -> None:
    """`pulumi logout` leaves the file with nobody in it."""
    (checkout / ".pulumi").mkdir()
    (checkout / ".pulumi" / "credentials.json").write_text('{\n    "current": ""\n}')

    assert sourced(shell, checkout).stderr.startswith("nothing says where Pulumi's state is")


def test_shell_without_a_home(shell: str, checkout: Path) -> None:
    """One that stops at what is unset, as in CI, is not stopped."""
    bare = {"PATH": "/usr/bin:/bin", "PULUMI_BACKEND_URL": "s3://mine"}
    ended = subprocess.run([shell, "-euc", '. "$0"', checkout / "activate"], env=bare, capture_output=True, text=True)

    assert (0, "") == (ended.returncode, ended.stderr)


def test_passphrase_empty_by_default(shell: str, checkout: Path) -> None:
    """Pulumi is not to ask for a passphrase that protects nothing."""
    assert "" == activated(shell, checkout)["passphrase"]


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("hers", {"PULUMI_CONFIG_PASSPHRASE": "hers"}),
        ("unset", {"PULUMI_CONFIG_PASSPHRASE_FILE": "/hers"}),
    ],
)
def test_passphrase_of_user_stays(shell: str, checkout: Path, expected: str, given: dict[str, str]) -> None:
    """A passphrase, or a file that holds one, is left alone."""
    assert expected == activated(shell, checkout, **given)["passphrase"]


def test_swarmnet_from_anywhere(tmp_path: Path) -> None:
    """The command runs this checkout's `cli` with the words given, whatever lies in the working directory."""
    package, elsewhere = tmp_path / "a checkout's" / "cli", tmp_path / "elsewhere" / "cli"
    for folder, words in ((package, "ours"), (elsewhere, "theirs")):
        folder.mkdir(parents=True)
        (folder / "__main__.py").write_text(f"import sys; print({words!r}, sys.argv[1:])")
    script = tmp_path / "swarmnet"
    script.write_text(swarmnet_script(package.parent, Path("python3")))

    answer = subprocess.run(
        ["sh", script, "plan", "two words"], cwd=elsewhere.parent, capture_output=True, text=True, check=True
    )

    assert "ours ['plan', 'two words']\n" == answer.stdout
