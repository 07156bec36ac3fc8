#!/usr/bin/env python3
"""Writes the bill of materials of a build in CycloneDX 1.6 (JSON): what is in it, from which Debian packages, of which
version.

    packaging/sbom.py --version 0.1.0 --output kiz-sync.cdx.json PROGRAM...

Linked libraries are read from the programs themselves (the dynamic section, and that of what they need), headers that are
compiled in from the #include lines of the tree. dpkg says which package brought the file. The same build gives the same
bytes: no time of day (SOURCE_DATE_EPOCH is used where it is set), a serial number made from the content. Hashes are those
of the programs as they were linked; a package may strip them afterwards.
"""
import argparse
import datetime
import functools
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CODE = ("protocol", "libclient", "daemon", "cli")
# Packages whose headers say how a library is called, not what is compiled in: the library itself is found by linking.
TOOLCHAIN = re.compile(r"^(libc6-dev|libstdc\+\+-\d+-dev|linux-libc-dev|libgcc-\d+-dev|libcrypt-dev|gcc-.*|g\+\+-.*)$")
READ_AT_RUN_TIME = ("iso-codes",)  # names of languages, read where they are installed


def run(*command):
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    return ran.stdout if ran.returncode == 0 else ""


def needed(path):
    """What an ELF file of 64 bit, little endian, says that it needs: its DT_NEEDED names."""
    with open(path, "rb") as file:
        image = file.read()
    if image[:6] != b"\x7fELF\x02\x01":
        return []
    offset, size, count = struct.unpack_from("<Q", image, 32)[0], *struct.unpack_from("<HH", image, 54)
    segments = [struct.unpack_from("<IIQQQQQQ", image, offset + i * size) for i in range(count)]

    def place(address):
        for kind, _, start, virtual, _, length, _, _ in segments:
            if kind == 1 and virtual <= address < virtual + length:
                return address - virtual + start
        return None

    entries = []
    for kind, _, start, _, _, length, _, _ in segments:
        if kind == 2:
            entries = [struct.unpack_from("<QQ", image, start + i) for i in range(0, length, 16)]
    strings = next((place(value) for tag, value in entries if tag == 5), None)
    if strings is None:
        return []
    return [image[strings + value:image.index(b"\0", strings + value)].decode() for tag, value in entries if tag == 1]


@functools.lru_cache(maxsize=None)
def library_paths():
    """soname -> file, as the loader finds it."""
    found = {}
    for line in run("/sbin/ldconfig", "-p").split("\n"):
        row = re.match(r"\s+(\S+) \(libc6,x86-64[^)]*\) => (\S+)", line) or re.match(r"\s+(\S+) \(libc6[^)]*\) => (\S+)", line)
        if row:
            found.setdefault(row.group(1), row.group(2))
    return found


def spellings(path):
    """A file's names as a package may know it: /lib and /usr/lib are one folder."""
    real = os.path.realpath(path)
    return [path, real, re.sub(r"^/lib", "/usr/lib", path), re.sub(r"^/usr/lib", "/lib", path), re.sub(r"^/usr/lib", "/lib", real)]


def packages_of(paths):
    """path -> the Debian package that owns it; paths that none owns are left out. One question for all."""
    if not paths:
        return {}
    asked = sorted({name for path in paths for name in spellings(path)})
    ran = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    owner = {}
    for line in ran.stdout.split("\n"):
        packages, _, name = line.partition(": ")
        if name and not packages.startswith("diversion"):
            owner.setdefault(name, packages.split(",")[0].strip())
    found = {path: next((owner[name] for name in spellings(path) if name in owner), None) for path in paths}
    return {path: package for path, package in found.items() if package}


def linked(programs):
    """({soname: path} of all that is loaded, {path or program: [soname]}) ."""
    beside = {f"{os.path.dirname(os.path.abspath(program))}/{part}" for program in programs for part in (".", "../lib")}
    paths, needs, ahead = {}, {}, list(programs)
    while ahead:
        path = ahead.pop()
        if path in needs:
            continue
        needs[path] = needed(path)
        for soname in needs[path]:
            own = [f"{folder}/{soname}" for folder in sorted(beside) if os.path.isfile(f"{folder}/{soname}")]
            where = own[0] if own else library_paths().get(soname)  # a library of this very build is no package's
            if where and soname not in paths:
                paths[soname] = where
                ahead.append(where)
    return paths, needs


def compiled_in():
    """Packages whose headers the sources of the product name."""
    names = set()
    for folder in CODE:
        for place, _, files in os.walk(os.path.join(ROOT, folder)):
            for file in sorted(files):
                if file.endswith((".h", ".cc")):
                    with open(os.path.join(place, file), encoding="utf-8", errors="replace") as opened:
                        names |= set(re.findall(r"^\s*#\s*include\s*<([^>]+)>", opened.read(), re.MULTILINE))
    machine = run("g++", "-print-multiarch").strip() or f"{os.uname().machine}-linux-gnu"
    headers = [f"{folder}/{name}" for name in sorted(names) for folder in ("/usr/include", f"/usr/include/{machine}")
               if os.path.isfile(f"{folder}/{name}")]
    return {package for package in packages_of(headers).values() if not TOOLCHAIN.match(package.split(":")[0])}


FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version", "Maintainer", "Homepage", "binary:Summary")


def facts_of(packages):
    """package -> its fields, from one question to dpkg; packages that are not installed are left out."""
    if not packages:
        return {}
    form = "${binary:Package}\\t" + "\\t".join("${%s}" % field for field in FIELDS) + "\\n"
    ran = subprocess.run(["dpkg-query", "-W", "-f", form, *sorted(packages)], capture_output=True, text=True, check=False,
                         env={**os.environ, "LC_ALL": "C"})
    rows = [line.split("\t") for line in ran.stdout.split("\n") if line.count("\t") == len(FIELDS)]
    facts = {}
    for row in rows:
        facts[row[0]] = facts[row[0].split(":")[0]] = dict(zip(FIELDS, row[1:]))
    return facts


def described(facts):
    """One component of the bill."""
    name, version, architecture = facts["Package"], facts["Version"], facts["Architecture"]
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A').replace('~', '~')}?arch={architecture}&distro=debian-12"
    component = {"type": "library", "bom-ref": purl, "supplier": {"name": facts["Maintainer"]}, "name": name, "version": version,
                 "description": facts["binary:Summary"], "purl": purl,
                 "properties": [{"name": "debian:source", "value": facts["source:Package"]},
                                {"name": "debian:source-version", "value": facts["source:Version"]}]}
    licences = licences_of(name)
    if licences:
        component["licenses"] = [{"license": {"name": each}} for each in licences]
    if facts["Homepage"]:
        component["externalReferences"] = [{"type": "website", "url": facts["Homepage"]}]
    return component


def licences_of(package):
    """Short names of a machine-readable debian/copyright, in its order; empty where it is not machine-readable."""
    path = f"/usr/share/doc/{package}/copyright"
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if not re.match(r"Format(-Specification)?:", text):
        return []
    names = re.findall(r"^License:[ \t]*(\S[^\n]*)$", text, re.MULTILINE)
    return sorted({name.strip() for name in names})


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def bill(version, programs):
    paths, needs = linked(programs)
    owner = packages_of(list(paths.values()))
    loaded, headers = set(owner.values()), compiled_in()
    facts = facts_of(loaded | headers | set(READ_AT_RUN_TIME))
    sources = {facts[package]["source:Package"] for package in loaded if package in facts}
    # Where a library is linked it stands for its headers too.
    compiled = {package for package in headers if package in facts and facts[package]["source:Package"] not in sources}
    read = {package for package in READ_AT_RUN_TIME if package in facts}
    components = {package: described(facts[package]) for package in sorted(loaded | compiled | read) if package in facts}
    own = f"pkg:generic/kiz-sync@{version}"
    by_soname = {soname: owner.get(path, "") for soname, path in paths.items()}
    parts, direct = [], set()
    for program in programs:
        name = os.path.basename(program)
        parts.append({"type": "library" if ".so" in name else "application", "bom-ref": f"{own}#{name}", "name": name,
                      "version": version, "hashes": [{"alg": "SHA-256", "content": digest(program)}]})
        direct |= {by_soname.get(soname, "") for soname in needs[program]}
    ref = {package: component["bom-ref"] for package, component in components.items()}
    dependencies = [{"ref": own, "dependsOn": sorted(ref[p] for p in (direct | compiled | read) if p in ref)}]
    for package in components:
        own_paths = [path for path in paths.values() if owner.get(path) == package]
        behind = {by_soname.get(soname, "") for path in own_paths for soname in needs.get(path, [])} - {package, ""}
        dependencies.append({"ref": ref[package], "dependsOn": sorted(ref[p] for p in behind)})
    metadata = {"lifecycles": [{"phase": "build"}],
                "tools": {"components": [{"type": "application", "name": "packaging/sbom.py", "version": version}]},
                "component": {"type": "application", "bom-ref": own, "name": "kiz-sync", "version": version,
                              "description": "Offline-first sync for Kommunale Integrationszentren", "purl": own,
                              "licenses": [{"license": {"id": "Apache-2.0"}}], "components": parts}}
    if os.environ.get("SOURCE_DATE_EPOCH", "").isdigit():
        at = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
        metadata["timestamp"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    content = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": metadata,
               "components": list(components.values()), "dependencies": dependencies}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{serial}", **content}


def main():
    parser = argparse.ArgumentParser(description="Writes the bill of materials of a build in CycloneDX 1.6.")
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("programs", nargs="+")
    given = parser.parse_args()
    text = json.dumps(bill(given.version, given.programs), indent=1, ensure_ascii=False) + "\n"
    with open(given.output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
