"""One reader, by address: what is kept of them, and all of it forgotten. The address stands in no address bar and no log."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from dispatch.accounts import permissions
from dispatch.accounts.models import Role, User
from dispatch.audience import addresses
from dispatch.desk import acting
from dispatch.operations import dossier


@permissions.requires(Role.OPERATOR, freshly=True)
@require_http_methods(["GET", "HEAD", "POST"])
def reader(request: HttpRequest) -> HttpResponse:
    """GET asks for an address; POST shows what is kept of it, or erases it."""
    shown: dict[str, object] = {"address": "", "dossier": None}
    if request.method == "POST" and (why := acting.reason(request)):
        address, user = request.POST.get("address", "").strip(), cast("User", request.user)
        try:
            if request.POST.get("act") == "erase":
                erased = dossier.erase(address, user, why)
                acting.tell(request, erased, "Forgotten. No mail goes there any more.", "Nothing was kept of it.")
                return redirect("reader")
            shown = {"address": address, "dossier": dossier.show(address, user, why)}
        except addresses.Malformed as problem:
            messages.error(request, f"This is no address: {problem}.")
    return render(request, "operations/reader.html", shown)
