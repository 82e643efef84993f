"""Prints the schema: ``python -m whence_graphql > graphql/schema.graphql``."""

import sys

from whence_graphql.schema import sdl

sys.stdout.write(sdl())
