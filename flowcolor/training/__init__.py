"""Objectives, tasks and callbacks; nothing is imported here, so that ``--help`` is instant."""
