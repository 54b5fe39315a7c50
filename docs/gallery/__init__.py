"""The pictures of the documentation: ``python -m docs.gallery`` makes all of them anew."""
