"""How triage was taught: `make train`. Nothing of this is needed, or imported, by the worker."""
