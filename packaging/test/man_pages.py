"""The man pages as they were built (SHARE/man), read as people read them."""
import glob
import os
import re


def page(share, language, name, section):
    folder = os.path.join(share, "man", *([] if language == "en" else [language]), f"man{section}")
    with open(os.path.join(folder, f"{name}.{section}"), encoding="utf-8") as file:
        return file.read()


def plain(roff):
    """A page's words, without fonts and escapes."""
    text = re.sub(r"\\f[BIRP]", "", roff)
    for escape, char in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ha", "^"), ("\\(ti", "~"), ("\\e", "\\"), ("\\&", ""), ("\\ ", " ")):
        text = text.replace(escape, char)
    return text


def examples(share, language):
    """(page, command line) of every example of kiz in this language; kiz.1 first, the others by name."""
    folder = os.path.join(share, "man", *([] if language == "en" else [language]), "man1")
    heading = {"de": ".SH BEISPIELE", "en": ".SH EXAMPLES"}[language]
    for path in sorted(glob.glob(os.path.join(folder, "*.1")), key=lambda each: (not each.endswith("/kiz.1"), each)):
        name = os.path.basename(path).removesuffix(".1")
        for example in re.findall(r"^(kiz .*)$", plain(page(share, language, name, 1)).partition(heading)[2], re.MULTILINE):
            yield name, example
