"""Stars from where they really are: TAP services and HATS catalogues.

:mod:`data.archives.services` and :mod:`data.archives.releases` say where from,
:mod:`data.archives.fetch` downloads, :mod:`data.archives.into_store` brings what has come into
the store. pyvo and lsdb are imported when they are needed.
"""
