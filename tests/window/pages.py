"""The pages that the suite shows, in English and French: what the agent and `run --gui` would write, with the words of the product."""

LANGUAGES = ("en", "fr")


def said(language, english, french):
    return english if language == "en" else french


def page(language, title, **rest):
    return {"v": 1, "title": title, **rest}


def button(id, label, kind="plain"):
    return {"id": id, "label": label, "kind": kind}


def in_use(language):
    t = lambda english, french: said(language, english, french)
    return page(
        language,
        t("wems.db is in use", "wems.db est utilisée"),
        icon="held",
        heading=t("Marie Dupont has been using wems.db since 09:12.", "Marie Dupont utilise wems.db depuis 9\u00a0h\u00a012."),
        text=[
            t("On PC-ACCUEIL, last sign of life 20 s ago.", "Sur PC-ACCUEIL, dernier signe de vie il y a 20 s."),
            t("One person waits: Paul Martin, since 09:40.", "Une personne attend : Paul Martin, depuis 9\u00a0h\u00a040."),
        ],
        buttons=[
            button("notify", t("Notify me", "Me prévenir"), "default"),
            button("ask", t("Ask Marie", "Demander à Marie")),
            button("read", t("Open read-only", "Consulter")),
            button("cancel", t("Cancel", "Annuler"), "cancel"),
        ],
    )


def confirm(language):
    t = lambda english, french: said(language, english, french)
    return page(
        language,
        t("Release wems.db", "Libérer wems.db"),
        icon="mine",
        heading=t("wems.exe still has it open: release anyway?", "wems.exe l'a encore ouverte : la libérer quand même ?"),
        text=[
            t(
                "If somebody else opens it now, two programs write at once and changes can be lost. Close wems.exe first.",
                "Si quelqu'un d'autre l'ouvre maintenant, deux programmes écrivent à la fois et des modifications peuvent être "
                "perdues. Fermez d'abord wems.exe.",
            )
        ],
        buttons=[
            button("anyway:1", t("Release anyway", "Libérer quand même"), "danger"),
            button("keep", t("Keep it", "La garder"), "cancel"),
        ],
    )


def welcome(language):
    t = lambda english, french: said(language, english, french)
    return page(
        language,
        "Sharelock",
        heading=t("Welcome to Sharelock", "Bienvenue dans Sharelock"),
        text=[
            t(
                "Which database do you share? Sharelock shows whether it is free, who has it, and tells you when it becomes free. It never "
                "opens the database itself.",
                "Quelle base partagez-vous\u00a0? Sharelock montre si elle est libre, qui l'utilise, et vous prévient quand elle se libère. Il "
                "n'ouvre jamais la base elle-même.",
            ),
            t(
                r"S:\RH\base.db: the folder cannot be seen.",
                "S:\\RH\\base.db\u00a0: le dossier n'est pas visible.",
            ),
        ],
        field={
            "label": t("Path of the database file, typed or pasted", "Chemin du fichier de la base, saisi ou collé"),
            "value": r"S:\RH\base.db",
        },
        buttons=[
            button("ok", t("Watch it", "La suivre"), "default"),
            button("close", t("Close", "Fermer"), "cancel"),
        ],
    )


FACES = ("free", "mine", "held", "waiting", "stale", "unreachable")


def legend(language):
    t = lambda english, french: said(language, english, french)
    words = {
        "free": t("free", "libre"),
        "mine": t("yours", "à vous"),
        "held": t("in use", "occupée"),
        "waiting": t("in use, and you are waiting", "occupée, et vous attendez"),
        "stale": t("no sign of life", "sans signe de vie"),
        "unreachable": t("cannot be seen", "hors de vue"),
    }
    return page(
        language,
        "Sharelock",
        heading=t("What the icons mean", "Signification des icônes"),
        rows=[{"icon": face, "text": words[face]} for face in FACES],
        buttons=[button("close", t("Close", "Fermer"), "cancel")],
        about=["Sharelock 0.1.0", t("Licence: MIT or Apache-2.0", "Licence\u00a0: MIT ou Apache-2.0")],
    )


def questions(language):
    """What this user has, and others want."""
    t = lambda english, french: said(language, english, french)
    label = t("Personnel and pay", "Personnel et paie")
    return page(
        language,
        "Sharelock",
        icon="mine",
        heading=label,
        rows=[
            {
                "icon": "mine",
                "name": label,
                "text": t(f"{label} is yours, and wems.exe is using it.", f"{label} est à vous, et wems.exe l'utilise."),
                "detail": [
                    t(
                        "Paul Martin (PC-QUAI2) asks you to give it back: “just two invoices, 5 min”",
                        "Paul Martin (PC-QUAI2) vous demande de la libérer\u00a0: “juste deux factures, 5 min”",
                    ),
                    t("wems.exe still has it open: release anyway?", "wems.exe l'a encore ouverte\u00a0: libérer quand même\u00a0?"),
                    r"S:\RH\Personnel et paie.db",
                ],
                "actions": [
                    action("give", 1, t("Release it", "La libérer")),
                    action("later", 1, t("In ten minutes", "Dans dix minutes")),
                    action("no", 1, t("Not now", "Pas maintenant")),
                    {**action("anyway", 1, t("Release anyway", "Libérer quand même")), "danger": True},
                ],
            }
        ],
        buttons=[button("close", t("Close", "Fermer"), "cancel")],
    )


def trouble(language):
    t = lambda english, french: said(language, english, french)
    return page(
        language,
        "Paie",
        icon="unreachable",
        heading="Paie",
        text=[
            t(
                "The shared folder cannot be seen. This does not mean that the database is free.",
                "Le dossier partagé n'est pas visible. Cela ne veut pas dire que la base est libre.",
            )
        ],
        buttons=[button("close", t("Close", "Fermer"), "cancel")],
    )


def saved(language):
    t = lambda english, french: said(language, english, french)
    file = "/home/marie/Documents/Comptabilité de l'agence/sharelock-report-20261123-101500.zip"
    return page(
        language,
        "Sharelock",
        heading=t("Report a problem", "Signaler un problème"),
        text=[t(f"Saved: {file}", f"Enregistré\u00a0: {file}")],
        buttons=[button("close", t("Close", "Fermer"), "cancel")],
    )


def action(verb, key, label):
    return {"id": f"{verb}:{key}", "label": label}


def status(language):
    t = lambda english, french: said(language, english, french)
    ask = lambda key, who: action("ask", key, t(f"Ask {who}", f"Demander à {who}"))
    notify = lambda key: action("notify", key, t("Notify me when it is free", "Me prévenir quand elle est libre"))
    history = lambda key: action("history", key, t("History", "Historique"))
    rows = [
        {
            "icon": "held",
            "name": "RH",
            "text": t(
                "Marie Dupont has been using it since 09:12 (PC-ACCUEIL, last sign of life 20 s ago).",
                "Marie Dupont l'utilise depuis 9\u00a0h\u00a012 (PC-ACCUEIL, dernier signe il y a 20 s).",
            ),
            "detail": [t("Waiting: Paul Martin since 09:40, you since 09:41", "En attente : Paul Martin depuis 9\u00a0h\u00a040, vous depuis 9\u00a0h\u00a041")],
            "actions": [notify(1), ask(1, "Marie"), history(1)],
        },
        {
            "icon": "mine",
            "name": "Stocks",
            "text": t("You have been using it since 08:30 with stocks.exe.", "Vous l'utilisez depuis 8\u00a0h\u00a030 avec stocks.exe."),
            "actions": [action("release", 2, t("Release", "Libérer")), history(2)],
        },
        {
            "icon": "free",
            "name": t(
                "Orders and deliveries of the branch in Clermont-Ferrand, with the archive of all years since 1998 and the price lists",
                "Commandes et livraisons de l'agence de Clermont-Ferrand, avec l'archive de toutes les années depuis 1998",
            ),
            "text": t("Nobody has it.", "Personne ne l'a."),
            "actions": [action("open", 3, t("Open the application", "Ouvrir l'application")), history(3)],
        },
    ]
    return page(
        language,
        t("Sharelock: databases", "Sharelock : bases de données"),
        heading=t("Two of three databases are in use", "Deux bases sur trois sont utilisées"),
        rows=rows,
        timeline=timeline(language),
        buttons=[button("refresh", t("Look again", "Actualiser")), button("close", t("Close", "Fermer"), "cancel")],
    )


def timeline(language):
    t = lambda english, french: said(language, english, french)
    first, last = 7, 19
    at = lambda clock: (int(clock[:2]) + int(clock[3:]) / 60 - first) / (last - first)
    clock = lambda text: text if language == "en" else text.replace(":", "\u00a0h\u00a0").lstrip("0")

    def span(who, begin, end, tone="held", how=""):
        label = f"{who} {clock(begin)}–{clock(end)}{how}"
        return {"from": at(begin), "to": at(end), "name": who, "label": label, "tone": tone}

    you = t("You", "Vous")
    return {
        "label": t("Who had RH in the last five days", "Qui a eu RH ces cinq derniers jours"),
        "marks": [{"at": at(f"{hour:02}:00"), "label": clock(f"{hour:02}:00")} for hour in range(first, last + 1, 2)],
        "days": [
            {
                "label": t("Monday 23", "lundi 23"),
                "spans": [
                    span("Marie Dupont", "09:12", "11:40"),
                    span("Paul Martin", "11:41", "11:55"),
                    span(you, "13:05", "14:20", "mine"),
                    span("Anne-Sophie de La Rochefoucauld", "14:30", "17:45"),
                ],
            },
            {
                "label": t("Friday 20", "vendredi 20"),
                "spans": [
                    span(you, "08:00", "09:30", "mine"),
                    span("Paul Martin", "10:00", "12:10", "forced", t(", taken away by IT", ", libérée de force par l'informatique")),
                    span("Marie Dupont", "14:00", "18:30", "stale", t(", no sign of life", ", plus de signe de vie")),
                ],
            },
            {"label": t("Thursday 19", "jeudi 19"), "spans": []},
            {"label": t("Wednesday 18", "mercredi 18"), "spans": [span("Paul Martin", "07:30", "18:50")]},
        ],
    }


def many(language):
    """Fifty databases."""
    t = lambda english, french: said(language, english, french)
    rows = [
        {
            "icon": FACES[number % 6],
            "name": f"base-{number:02}",
            "text": t("State as the icon says.", "État selon l'icône."),
            "actions": [action("take", number, t("Take it", "La prendre"))],
        }
        for number in range(50)
    ]
    return page(
        language,
        t("Fifty databases", "Cinquante bases"),
        heading=t("Fifty databases", "Cinquante bases"),
        rows=rows,
        buttons=[button("close", t("Close", "Fermer"), "cancel")],
    )


def report(language):
    t = lambda english, french: said(language, english, french)
    lines = ["Sharelock 0.1.0", "Windows 11 23H2", "", r"database: \\SRV\RH\base.db", "store: smb, range locks honoured, clock 0.4 s ahead"]
    lines += [f"2026-11-23T09:{minute:02}:00+01:00 INFO held by another session; looking again in 1 s" for minute in range(60)]
    return page(
        language,
        t("Report a problem", "Signaler un problème"),
        heading=t("This is what the report will contain", "Voici ce que contiendra le rapport"),
        text=[
            t(
                "Nothing is sent. The text is saved as a file that you can give to your IT department.",
                "Rien n'est envoyé. Le texte est enregistré dans un fichier que vous pouvez remettre à votre service informatique.",
            )
        ],
        verbatim="\n".join(lines),
        buttons=[button("save", t("Save", "Enregistrer"), "default"), button("cancel", t("Cancel", "Annuler"), "cancel")],
    )


ALL = {
    "status": status,
    "in-use": in_use,
    "legend": legend,
    "welcome": welcome,
    "report": report,
    "saved": saved,
    "questions": questions,
    "trouble": trouble,
    "confirm": confirm,
    "many": many,
}
