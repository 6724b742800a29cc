"""How docs/ becomes the site (`make docs`). Neither the build nor a reader's browser asks another host for anything."""

from fnmatch import fnmatch

project = "Dispatch"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
nitpicky = True
show_warning_types = True
# A page that may not be there yet is named with brackets, [c]apacity: it stands in the navigation from the day it is written.
suppress_warnings = ["toc.empty_glob"]
exclude_patterns = ["README.md"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
html_title = "Dispatch"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "../src/dispatch/static/icon.svg"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True}
POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'"  # noqa: E501


def keep_to_itself(_app, _name, _template, context, _doctree):
    """Each page forbids its browser to load anything from elsewhere, and to tell other sites where a reader came from."""
    own = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<meta name="referrer" content="no-referrer">\n'
    context["metatags"] = own + context.get("metatags", "")


def adopt(app, name, source):
    """Pages that the front page's lists do not name stand where it says [others], so that a new one is never lost."""
    if name == "index":
        named = [line.rpartition("<")[2].rstrip("> ") for line in source[0].splitlines()]
        tops = (page for page in sorted(app.env.found_docs) if "/" not in page and page != "index")
        others = [page for page in tops if not any(fnmatch(page, each) for each in named if each)]
        source[0] = source[0].replace("[others]", "\n".join(others))


def setup(app):
    app.connect("html-page-context", keep_to_itself)
    app.connect("source-read", adopt)
