"""How two things belong together, where a person says so: the kinds that SageMaker's lineage has, from one to the other.

ContributedTo: it had a part in the other. AssociatedWith: they are connected. DerivedFrom: the other is a modification of
it. Produced: it made the other. SameAs: they are one thing under two names.
"""

from __future__ import annotations

ASSOCIATIONS = ("ContributedTo", "AssociatedWith", "DerivedFrom", "Produced", "SameAs")
