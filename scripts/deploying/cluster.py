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
        pods = [(one, pod) for one in objects if (pod := _pod(one))]
        for one, pod in pods:
            _is_restricted(one, pod)
        _are_alike(pods)
        _has_no_secret(objects)
        yield f"{name}: {len(objects)} objects fit Kubernetes {', '.join(VERSIONS)}; {len(pods)} kinds of pod are restricted"


def _is_awake(validate, rendered):
    """A word that Kubernetes does not know is found."""
    wrong = rendered.with_name("wrong.yaml")
    wrong.write_text(rendered.read_text().replace("readOnlyRootFilesystem", "readOnlyRoot"))
    said, status = parts.asked([validate, "--strict", "--quiet", "-k", VERSIONS[-1], wrong])
    if not status and "ERROR" not in said:
        raise parts.Failed(f"the schemas let a wrong word pass: {said}")


def _pod(one):
    """What an object says of its pods; None where it has none."""
    spec = one.get("spec", {})
    return spec.get("jobTemplate", {}).get("spec", spec).get("template", {}).get("spec")


def _are_alike(pods):
    """What pod.yaml patches into most, a CronJob says itself: it must be the same, but for the volume that it writes to."""
    (example,) = [pod for one, pod in pods if one["metadata"]["name"] == "migrate"]
    for one, pod in pods:
        for words, wanted, found in zip(("pod", "container"), _shared(example), _shared(pod), strict=True):
            if other := [key for key in wanted if wanted[key] != found[key]]:
                raise parts.Failed(
                    f"{one['metadata']['name']}: the {words}'s {', '.join(other)} are not as the others'"
                )


def _shared(pod):
    """What all pods have, without the volume of the backups."""
    (container,) = pod["containers"]
    own = {key: container[key] for key in ("imagePullPolicy", "securityContext", "envFrom", "env")}
    mounts = [mount for mount in container["volumeMounts"] if mount["name"] != "backups"]
    of_all = ("automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds", "securityContext")
    volumes = [volume for volume in pod["volumes"] if volume["name"] != "backups"]
    return {**{key: pod[key] for key in of_all}, "volumes": volumes}, {**own, "volumeMounts": mounts}


def _is_restricted(one, pod):
    """As the Pod Security Standard `restricted` asks (kubernetes.io, Pod Security Standards), and a little more."""
    name = one["metadata"]["name"]
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
            "nobody asks whether it lives": one["kind"] in {"Job", "CronJob"}
            or name == "terminal"  # a shell: whoever types into it sees whether it lives
            or "livenessProbe" in container,
        }
    if wrong := [words for words, holds in must.items() if not holds]:
        raise parts.Failed(f"{name}: {', '.join(wrong)}")


def _has_no_secret(objects):
    if any(one["kind"] == "Secret" for one in objects):
        raise parts.Failed("a Secret is in the files")
