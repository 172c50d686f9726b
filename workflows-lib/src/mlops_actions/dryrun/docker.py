"""Docker mode: the image that jobs run in, what they see of this machine, and what is removed after them."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions.dryrun import environment
from mlops_actions.dryrun.progress import Progress
from mlops_actions.errors import CallError, Problem

PACKAGES = (
    "bash", "ca-certificates", "coreutils", "curl", "default-jre-headless", "g++", "git", "jq", "make", "nodejs",
    "procps", "python3", "python3-pip", "python3-venv", "tar", "unzip", "xz-utils", "zip", "zstd",
)  # fmt: skip
"""What the image holds of what GitHub's has: what actions and ordinary steps call."""

IMAGE = f"mlops-dry-run:bookworm-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:8]}"
"""The image that is built here where the caller names none; with other packages it is another."""

LABEL = "mlops-dry-run"


@dataclass(frozen=True, slots=True)
class Engine:
    """Containers of one dry run; ``visible`` are the folders that jobs see at the same path."""

    image: str
    run: str
    visible: tuple[tuple[Path, bool], ...]
    cache: Path
    had_toolcache: bool

    def options(self, leg: int) -> str:
        """What act adds to ``docker create``: mounts, settings, and a label to find the container by."""
        words = ["--label", f"{LABEL}={self.run}-{leg}"]
        for path, writable in self.visible:
            words += ["--mount", f"type=bind,source={path},target={path}" + ("" if writable else ",readonly")]
        for name in ("uv", "pip"):
            words += ["--mount", f"type=bind,source={self.cache / name},target=/root/.cache/{name}"]
        for name, value in sorted(environment.passed(os.environ).items()):
            words += ["--env", f"{name}={value}"]
        return shlex.join(words)

    def search(self, on_host: Mapping[str, Any]) -> dict[str, Any]:
        """Where the stand-in for setup-python looks: this machine's folders, mounted, and the image's own programs."""
        return {**on_host, "programs": ["/usr/local/bin", "/usr/bin", "/opt/python/bin"]}

    def remove(self, leg: int) -> None:
        """Remove what act left of a leg: its container, with its volumes."""
        _remove(f"{LABEL}={self.run}-{leg}")

    def close(self) -> None:
        """Remove what act made for all legs, and hand files that containers wrote to the user."""
        if not self.had_toolcache:
            _docker("volume", "rm", "act-toolcache", check=False)
        own = [str(path) for path, writable in self.visible if writable]
        if os.getuid() != 0:
            mounts = [word for path in own for word in ("--volume", f"{path}:{path}")]
            owner = f"{os.getuid()}:{os.getgid()}"
            _docker("run", "--rm", *mounts, "--entrypoint", "chown", self.image, "-R", owner, *own, check=False)


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of this machine that containers see, at the same path; ``cache`` is where packages are kept."""

    writable: tuple[Path, ...]
    readable: tuple[Path, ...]
    cache: Path


def prepare(image: str | None, run: str, places: Places, progress: Progress) -> Engine:
    """An engine whose image is there.

    Raises CallError where no Docker engine answers, the image that the caller
    names is not on this machine, or one cannot be built.
    """
    if shutil.which("docker") is None:
        raise CallError(
            Problem("--docker: there is no `docker` on PATH", hint="Install Docker, or leave --docker out.")
        )
    answer = _docker("version", "--format", "{{.Server.Version}}", check=False)
    if answer.returncode:
        raise CallError(
            Problem(f"--docker: no Docker engine answers: {_said(answer)}", hint="Start it, or leave --docker out.")
        )
    if not _there(image or IMAGE):
        if image is not None:
            raise CallError(Problem(f"--docker {image}: there is no such image here, and a dry run pulls none"))
        progress.note(f"building the image {IMAGE} from Debian's packages, once")
        build()
    for name in ("uv", "pip"):
        (places.cache / name).mkdir(parents=True, exist_ok=True)
    volumes = _docker("volume", "ls", "--quiet").stdout.split()
    visible = [(path, True) for path in places.writable]
    visible += [(path, False) for path in dict.fromkeys(places.readable) if path.exists()]
    return Engine(image or IMAGE, run, tuple(visible), places.cache, "act-toolcache" in volumes)


def build() -> None:
    """Make :data:`IMAGE` from the mirror that this machine's apt uses, without a registry.

    Raises CallError where neither mmdebstrap nor debootstrap is at hand, or it fails.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-image-") as folder:
        archive = Path(folder) / "root.tar"
        if shutil.which("mmdebstrap"):
            _build_with_mmdebstrap(archive)
        elif shutil.which("debootstrap") and os.getuid() == 0:
            _build_with_debootstrap(archive, Path(folder) / "root")
        else:
            hint = "Install mmdebstrap (or debootstrap, as root), or name a local image: --docker IMAGE."
            raise CallError(Problem("--docker: there is no image, and nothing to build one with", hint=hint))
        _checked(["docker", "import", "--change", 'CMD ["bash"]', "--change", "ENV LANG=C.UTF-8", str(archive), IMAGE])


def _build_with_mmdebstrap(archive: Path) -> None:
    sources = _apt_sources()
    _checked(
        [
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            *_apt_options(),
            "bookworm",
            str(archive),
            *sources,
        ]
    )


def _build_with_debootstrap(archive: Path, root: Path) -> None:
    mirror = _mirror()
    _checked(
        [
            "debootstrap",
            "--variant=minbase",
            f"--include={','.join(PACKAGES)}",
            "bookworm",
            str(root),
            *([mirror] if mirror else []),
        ]
    )
    _checked(["tar", "-C", str(root), "-cf", str(archive), "."])


def _apt_sources() -> list[str]:
    """The mirror of this machine as an apt line; nothing where it is not Debian bookworm: then the default one."""
    mirror = _mirror()
    return [f"deb {mirror} bookworm main"] if mirror else []


def _mirror() -> str | None:
    """The address that this machine's apt gets Debian's ``main`` from."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)/ $(CODENAME) $(COMPONENT) $(ORIGIN)", "Created-By: Packages"],
        capture_output=True, text=True, check=False,
    ) if shutil.which("apt-get") else None  # fmt: skip
    for line in listed.stdout.splitlines() if listed else []:
        parts = line.split()
        if parts[1:3] == ["bookworm", "main"]:
            return parts[0]
    return None


def _apt_options() -> list[str]:
    """apt's proxy and certificates on this machine, which the bootstrap needs too."""
    if not shutil.which("apt-config"):
        return []
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    wanted = [line for line in dumped.splitlines() if line.startswith(("Acquire::http", "Acquire::https"))]
    return [f"--aptopt={line}" for line in wanted if not line.endswith('"";')]


def _remove(label: str) -> None:
    containers = _docker("ps", "--all", "--quiet", "--filter", f"label={label}", check=False).stdout.split()
    for container in containers:
        inspected = _docker("inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", container, check=False)
        _docker("rm", "--force", "--volumes", container, check=False)
        for volume in inspected.stdout.split():
            if volume != "act-toolcache":
                _docker("volume", "rm", "--force", volume, check=False)


def _there(image: str) -> bool:
    return _docker("image", "inspect", image, check=False).returncode == 0


def _docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise CallError(Problem(f"docker {arguments[0]}: {_said(done)}"))
    return done


def _checked(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CallError(Problem(f"--docker: {command[0]} failed: {_said(done)}"))


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stderr or done.stdout).split())[-500:]
