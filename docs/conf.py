"""How Sphinx makes the pages; `make docs`."""

import archive

project = "vigil"
author = "the vigil developers"
release = version = archive.__version__
extensions = ["myst_parser", "sphinx_click", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"vigil {release}"
html_show_copyright = False
