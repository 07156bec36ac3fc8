#!/usr/bin/env python3
"""The bill of materials keeps the main rules of CycloneDX 1.6, names every library that is linked, and is the same twice.

The rules are those of bom-1.6.schema.json that concern what we write: names that are allowed, what must be there, forms of
serial number, references, hashes and package URLs. ldd, which the script does not use, says what is linked.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import documents as doc

BIN = os.environ["KIZ_BIN"]
PURL = re.compile(r"pkg:[a-z]+/[\w./%@~#?&=:+-]+$")
ALLOWED = {
    "bom": {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"},
    "metadata": {"timestamp", "lifecycles", "tools", "component"},
    "component": {"type", "bom-ref", "supplier", "name", "version", "description", "purl", "properties", "licenses", "hashes",
                  "externalReferences", "components"},
    "dependency": {"ref", "dependsOn"},
}
TYPES = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver",
         "firmware", "file", "machine-learning-model", "data", "cryptographic-asset"}
PHASES = {"design", "pre-build", "build", "post-build", "operations", "discovery", "decommission"}

wrong = []


def say(condition, sentence):
    if not condition:
        wrong.append(sentence)


def check_component(component, refs):
    name = component.get("name", "?")
    say(set(component) <= ALLOWED["component"], f"{name}: unknown keys {set(component) - ALLOWED['component']}")
    say(component.get("type") in TYPES, f"{name}: type {component.get('type')}")
    say(bool(component.get("name")), "a component without a name")
    ref = component.get("bom-ref")
    if ref is not None:
        say(ref and ref not in refs, f"{name}: bom-ref {ref} is empty or not unique")
        refs.add(ref)
    if "purl" in component:
        say(PURL.match(component["purl"]), f"{name}: purl {component['purl']}")
    for licence in component.get("licenses", []):
        say(set(licence) == {"license"} and len(set(licence["license"]) & {"id", "name"}) == 1, f"{name}: licence {licence}")
    for digest in component.get("hashes", []):
        say(digest["alg"] == "SHA-256" and re.fullmatch("[a-f0-9]{64}", digest["content"]), f"{name}: hash {digest}")
    for reference in component.get("externalReferences", []):
        say(reference["type"] == "website" and re.match(r"https?://\S+$", reference["url"]), f"{name}: {reference}")
    for each in component.get("properties", []):
        say(set(each) == {"name", "value"}, f"{name}: property {each}")
    for each in component.get("components", []):
        check_component(each, refs)


def check_rules(bill):
    say(set(bill) <= ALLOWED["bom"], f"unknown keys {set(bill) - ALLOWED['bom']}")
    say(bill.get("bomFormat") == "CycloneDX" and bill.get("specVersion") == "1.6", "format or version")
    say(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill.get("serialNumber", "")), "serialNumber")
    say(isinstance(bill.get("version"), int) and bill["version"] >= 1, "version")
    metadata = bill["metadata"]
    say(set(metadata) <= ALLOWED["metadata"], "unknown keys in metadata")
    say(all(phase["phase"] in PHASES for phase in metadata["lifecycles"]), "lifecycles")
    refs = set()
    check_component(metadata["component"], refs)
    for component in bill["components"]:
        check_component(component, refs)
        say("version" in component and "purl" in component and "supplier" in component,
            f"{component['name']}: version, purl or supplier is missing")  # the minimum elements of a bill of materials
    seen = set()
    for dependency in bill["dependencies"]:
        say(set(dependency) <= ALLOWED["dependency"], f"unknown keys in {dependency}")
        for ref in [dependency["ref"], *dependency.get("dependsOn", [])]:
            say(ref in refs, f"dependency on {ref}, which is no component")
        say(dependency["ref"] not in seen, f"{dependency['ref']} stands twice")
        say(len(set(dependency.get("dependsOn", []))) == len(dependency.get("dependsOn", [])), f"{dependency['ref']}: twice the same")
        seen.add(dependency["ref"])


def check_linked(bill, programs):
    """What ldd finds is in the bill, in the version that is installed."""
    named = {component["name"]: component["version"] for component in bill["components"]}
    for program in programs:
        shown = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for path in re.findall(r"=> (/\S+)", shown):
            if re.search(r"/lib(asan|ubsan|tsan)\.", path):
                continue
            asked = sorted({path, os.path.realpath(path), re.sub("^/lib", "/usr/lib", path), re.sub("^/usr/lib", "/lib", os.path.realpath(path))})
            owners = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True, check=False).stdout
            packages = {line.split(":")[0] for line in owners.split("\n") if ": " in line}
            say(packages & set(named), f"{path} is linked and not in the bill ({packages})")
            for package in packages & set(named):
                version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True,
                                         check=True).stdout
                say(named[package] == version, f"{package}: {named[package]} in the bill, {version} installed")


def main():
    if not os.path.exists("/usr/bin/dpkg-query"):
        print("sbom: skipped, this is no Debian")
        return 77
    programs = [f"{BIN}/kiz", f"{BIN}/kizd"]
    with tempfile.TemporaryDirectory(prefix="kiz-sbom-") as folder:
        texts = []
        for name in ("one", "two"):
            subprocess.run([f"{doc.ROOT}/packaging/sbom.py", "--version", "0.1.0", "--output", f"{folder}/{name}", *programs], check=True)
            with open(f"{folder}/{name}", encoding="utf-8") as file:
                texts.append(file.read())
    say(texts[0] == texts[1], "the same build gave two bills")
    bill = json.loads(texts[0])
    check_rules(bill)
    check_linked(bill, programs)
    for header_only in ("libasio-dev", "libcereal-dev", "nlohmann-json3-dev", "libcli11-dev"):
        say(any(component["name"] == header_only for component in bill["components"]), f"{header_only} is compiled in and not named")
    print(*wrong, sep="\n")
    print(f"sbom: {len(bill['components'])} components, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
