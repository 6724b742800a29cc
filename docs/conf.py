"""How docs/ becomes the site (`make docs`). Neither the build nor a reader's browser asks another host for anything."""

from fnmatch import fnmatch

project = "Dispatch"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
nitpicky = True
show_warning_types = True
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
html_show_search_summary = False  # a page that is read from a disk may not open others
html_theme_options = {"navigation_with_keys": True}
POLICY = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'"  # noqa: E501


def keep_to_itself(_app, _name, _template, context, _doctree):
    """Each page forbids its browser to load anything from elsewhere, and to tell other sites where a reader came from."""
    own = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<meta name="referrer" content="no-referrer">\n'
    context["metatags"] = own + context.get("metatags", "")


def adopt(app, name, source):
    """The front page's lists, as the pages are: [c]apacity stands there from the day that capacity.md is written, and pages that no
    list names stand where it says [others], so that a new one is never lost.
    """
    if name == "index":
        pages = sorted(page for page in app.env.found_docs if "/" not in page and page != name)
        lines = source[0].splitlines()
        others = [page for page in pages if not any(fnmatch(page, line) for line in lines)]
        lines[lines.index("[others]") :] = [*others, *lines[lines.index("[others]") + 1 :]]
        kept = [line for line in lines if not line.startswith("[") or any(fnmatch(page, line) for page in pages)]
        source[0] = "\n".join(kept)


def setup(app):
    app.connect("html-page-context", keep_to_itself)
    app.connect("source-read", adopt)
