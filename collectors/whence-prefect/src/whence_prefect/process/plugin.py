"""The plugin: Prefect loads it in every process that executes flows or tasks, if PREFECT_PLUGINS_ENABLED is true."""

import importlib.util
import logging
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..settings import disabled

try:
    from prefect.plugins import register_hook
except ImportError:  # before 3.7
    from prefect._experimental.plugins import register_hook

log = logging.getLogger("whence_prefect")

_ENGINES = ("prefect.flow_engine", "prefect.task_engine")


@register_hook  # type: ignore[untyped-decorator]  # Prefect is not there where types are checked
def setup_environment(*, ctx: Any) -> None:
    """Watch the engines of flows and tasks. Whatever goes wrong here is logged, and flows run as without it."""
    if disabled():
        return
    try:
        _watch()
    except ImportError:  # older versions load plugins before their engines can be imported
        sys.meta_path.insert(0, _Later())
    except Exception:
        log.warning("Whence: this version of Prefect cannot be watched; flows run without lineage", exc_info=True)


def _watch() -> None:
    from . import engines

    engines.watch()


class _Later:
    """Waits for an engine to be imported, and then watches."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Where an engine's module is, with a loader that watches it after it was loaded; None for other modules."""
        if name not in _ENGINES:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: self._loaded(load, module)  # type: ignore[method-assign]
        return spec

    def _loaded(self, load: Any, module: ModuleType) -> None:
        load(module)
        try:
            _watch()
        except (ImportError, AttributeError):  # it was imported by the other engine, which is not ready yet
            sys.meta_path.insert(0, self)
        except Exception:
            log.warning("Whence: this version of Prefect cannot be watched; flows run without lineage", exc_info=True)
