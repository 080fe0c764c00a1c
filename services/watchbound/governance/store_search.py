"""What a search of the vector store's files says in a receipt."""

from __future__ import annotations

from watchbound.adapters.store_files import StoreFiles
from watchbound.domain.fingerprint import Fingerprints
from watchbound.governance.places import FilesSearch, Found


def search_of(files: StoreFiles) -> FilesSearch:
    """Looks through the files for the templates of some fingerprints."""

    def search(wanted: Fingerprints) -> Found:
        found = files.search(wanted)
        searched = f"{found.bytes_searched} bytes in {found.files} files were searched for {len(wanted)} templates"
        if not found.templates:
            return Found(0, f"{searched}; none was found")
        left = f"{found.templates} still lie in {found.holding} of them until the store has cleaned up"
        return Found(found.templates, f"{searched}; {left}")

    return search
