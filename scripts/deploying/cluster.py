"""deploy/kustomize: base and example are rendered, every object fits Kubernetes' own schema, and every pod is restricted."""

import json

from deploying import parts

VERSIONS = ("1.31", "1.34", "1.37")
READ = "import json, sys, yaml; json.dump([one for one in yaml.safe_load_all(open(sys.argv[1])) if one], sys.stdout)"


def check(work):
    kubectl = parts.program("kubectl", "program", "kubectl")
    python = parts.THERE / "schemas/bin/python"
    validate = parts.THERE / "schemas/bin/kubernetes-validate"
    if not validate.exists():
        raise parts.Missing("kubernetes-validate cannot be had")
    for name in ("base", "overlays/example"):
        rendered = work / f"{name.replace('/', '-')}.yaml"
        said, status = parts.asked([kubectl, "kustomize", parts.DEPLOY / "kustomize" / name])
        if status or "deprecated" in said:
            raise parts.Failed(f"kustomize {name}: {said[-1000:]}")
        rendered.write_text(said)
        for version in VERSIONS:
            said, status = parts.asked([validate, "--strict", "--quiet", "-k", version, rendered])
            if status or "ERROR" in said:
                raise parts.Failed(f"{name} does not fit Kubernetes {version}: {said[-2000:]}")
        _is_awake(validate, rendered)
        objects = json.loads(parts.asked([python, "-c", READ, rendered])[0])
        pods = [one for one in objects if "template" in one.get("spec", {})]
        for one in pods:
            _is_restricted(one)
        _has_no_secret(objects)
        yield f"{name}: {len(objects)} objects fit Kubernetes {', '.join(VERSIONS)}; {len(pods)} kinds of pod are restricted"


def _is_awake(validate, rendered):
    """A word that Kubernetes does not know is found."""
    wrong = rendered.with_name("wrong.yaml")
    wrong.write_text(rendered.read_text().replace("readOnlyRootFilesystem", "readOnlyRoot"))
    said, status = parts.asked([validate, "--strict", "--quiet", "-k", VERSIONS[-1], wrong])
    if not status and "ERROR" not in said:
        raise parts.Failed(f"the schemas let a wrong word pass: {said}")


def _is_restricted(one):
    """As the Pod Security Standard `restricted` asks (kubernetes.io, Pod Security Standards), and a little more."""
    name, pod = one["metadata"]["name"], one["spec"]["template"]["spec"]
    whole = pod["securityContext"]
    must = {
        "it may run as root": whole["runAsNonRoot"] is True and whole["runAsUser"] > 0,
        "any system call may be made": whole["seccompProfile"]["type"] == "RuntimeDefault",
        "it has an account of the cluster": pod["automountServiceAccountToken"] is False,
        "a Service's name may set DISPATCH_PORT": pod["enableServiceLinks"] is False,
    }
    for container in pod["containers"]:
        own = container["securityContext"]
        must |= {
            "it may gain rights": own["allowPrivilegeEscalation"] is False and own["capabilities"]["drop"] == ["ALL"],
            "it may write anywhere": own["readOnlyRootFilesystem"] is True,
            "it has no ceiling of memory": "memory" in container["resources"]["limits"],
            "nobody asks whether it lives": one["kind"] == "Job" or "livenessProbe" in container,
        }
    if wrong := [words for words, holds in must.items() if not holds]:
        raise parts.Failed(f"{name}: {', '.join(wrong)}")


def _has_no_secret(objects):
    if any(one["kind"] == "Secret" for one in objects):
        raise parts.Failed("a Secret is in the files")
