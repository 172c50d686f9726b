"""What a job sees of the machine: a short list of settings, a home of its own, and a Python that is not the user's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops_actions.dryrun.standins import setup_python
from mlops_actions.dryrun.standins.versions import Version
from mlops_actions.project import interpreters

PASSED = {
    "LANG", "LANGUAGE", "TZ",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_TRUSTED_HOST",
    "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_HTTP_TIMEOUT",
    "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_PYTHON_INSTALL_MIRROR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
    "npm_config_registry", "NPM_CONFIG_REGISTRY",
}  # fmt: skip
"""All that is passed of the caller's variables, with ``LC_*``: locale, proxy, certificates, package index."""


def passed(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables that a job gets."""
    return {name: value for name, value in environ.items() if name in PASSED or name.startswith("LC_")}


def mounts(environ: Mapping[str, str]) -> list[Path]:
    """The folders and files that the passed variables name; a container must see them too."""
    values = [value for name, value in passed(environ).items() if not name.startswith("LC_")]
    named = [Path(part) for value in values for part in value.split(os.pathsep) if os.path.isabs(part)]
    return sorted({path for path in named if path.exists()})


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where packages stay from one dry run to the next: ``mlops-actions/dry-run`` in the user's cache folder."""
    base = environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "mlops-actions" / "dry-run"


def clean_path(environ: Mapping[str, str], repo: Path) -> str:
    """PATH without what belongs to the user alone: virtual environments, pyenv's shims, folders of the repository."""
    kept = []
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        folder = Path(entry)
        personal = (
            not folder.is_absolute()
            or folder.name == "shims"
            or (folder.parent / "pyvenv.cfg").exists()
            or folder.is_relative_to(repo)
        )
        if not personal and entry not in kept:
            kept.append(entry)
    return os.pathsep.join(kept)


def search(environ: Mapping[str, str], path: str, shared: Path) -> dict[str, Any]:
    """Where the stand-in for setup-python looks: runners' tool caches, where installations are kept, then PATH."""
    tools = [environ.get(name) for name in ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY")]
    folders = [Path(each) / "Python" for each in tools if each] + [Path("/opt/hostedtoolcache/Python")]
    folders += interpreters.roots(environ)  # the same places as the plan of a matrix: what one finds, the other has
    programs = [Path(entry) for entry in path.split(os.pathsep)] + sorted(Path("/opt").glob("python*/bin"))
    return {
        "folders": [str(each) for each in dict.fromkeys(folders)],
        "programs": [str(each) for each in dict.fromkeys(programs)],
        "shared": str(shared),
    }


_BASE = "import sys; print(getattr(sys, '_base_executable', None) or sys.executable)"


class DefaultPython:
    """The ``python`` of a job that sets up none: an environment over the machine's, so that pip installs in it.

    On GitHub a job may install into the runner's own Python, because the runner is thrown away.
    """

    def __init__(self, environ: Mapping[str, str], shared: Path) -> None:
        self._shared = shared
        program = shutil.which("python3", path=environ.get("PATH")) or sys.executable
        done = subprocess.run(
            [program, "-I", "-c", _BASE], capture_output=True, text=True, env=dict(environ), check=False
        )
        base = Path(done.stdout.strip() or sys.executable)  # a shim, or a virtual environment's, stands for another
        version = setup_python.ask(base)
        self._found = None if version is None else setup_python.Found(version, base)

    @property
    def version(self) -> Version | None:
        return self._found.version if self._found else None

    def make(self, folder: Path) -> Path | None:
        """A fresh environment in ``folder``; the folder of its programs."""
        return setup_python.make_environment(self._found, folder, self._shared) / "bin" if self._found else None


def make_home(folder: Path, cache: Path) -> Path:
    """An empty home whose package caches are the dry runs' own, kept from one to the next."""
    caches = folder / ".cache"
    caches.mkdir(parents=True)
    for name in ("uv", "pip"):
        (cache / name).mkdir(parents=True, exist_ok=True)
        (caches / name).symlink_to(cache / name)
    return folder


def host(environ: Mapping[str, str], path: str, folder: Path, python: DefaultPython, cache: Path) -> dict[str, str]:
    """The environment of a job on this machine, in its private ``folder``."""
    programs = python.make(folder / "python")
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    return {
        **passed(environ),
        "PATH": os.pathsep.join([str(programs), path] if programs else [path]),
        "HOME": str(make_home(folder / "home", cache)),
        "TMPDIR": str(temporary),
        "TERM": "dumb",
        "LANG": environ.get("LANG", "C.UTF-8"),
        "DOCKER_HOST": "",  # else act looks for an engine, and tells each job of it; a step's shell takes it away
    }
