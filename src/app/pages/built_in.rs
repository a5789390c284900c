//! The pages, texts and assets that come with the service, from the folder `pages`.

/// A file's name and its text.
pub type File = (&'static str, &'static str);

/// Templates by the names under which they are rendered, and the parts that they include.
pub const TEMPLATES: [File; 23] = [
    ("layout.html", include_str!("../../../pages/layout.html")),
    ("start.html", include_str!("../../../pages/start.html")),
    ("log_in.html", include_str!("../../../pages/log_in.html")),
    ("sign_up.html", include_str!("../../../pages/sign_up.html")),
    ("recover.html", include_str!("../../../pages/recover.html")),
    ("account.html", include_str!("../../../pages/account.html")),
    ("security.html", include_str!("../../../pages/security.html")),
    ("sessions.html", include_str!("../../../pages/sessions.html")),
    ("activity.html", include_str!("../../../pages/activity.html")),
    ("data.html", include_str!("../../../pages/data.html")),
    ("admin.html", include_str!("../../../pages/admin.html")),
    ("admin_users.html", include_str!("../../../pages/admin_users.html")),
    ("admin_user.html", include_str!("../../../pages/admin_user.html")),
    ("admin_events.html", include_str!("../../../pages/admin_events.html")),
    (
        "admin_webhooks.html",
        include_str!("../../../pages/admin_webhooks.html"),
    ),
    ("_admin.html", include_str!("../../../pages/_admin.html")),
    ("_event.html", include_str!("../../../pages/_event.html")),
    ("_log_in.html", include_str!("../../../pages/_log_in.html")),
    ("_sign_up.html", include_str!("../../../pages/_sign_up.html")),
    ("_signed_in.html", include_str!("../../../pages/_signed_in.html")),
    ("_app.html", include_str!("../../../pages/_app.html")),
    ("_nav.html", include_str!("../../../pages/_nav.html")),
    ("_step_up.html", include_str!("../../../pages/_step_up.html")),
];

/// The language of texts that another one lacks.
pub const FALLBACK_LANGUAGE: &str = "en";

/// The texts of each language.
pub const WORDS: [File; 2] = [
    (FALLBACK_LANGUAGE, include_str!("../../../pages/en/words.json")),
    ("de", include_str!("../../../pages/de/words.json")),
];

/// What pages load.
pub const ASSETS: [File; 29] = [
    ("style.css", include_str!("../../../pages/assets/style.css")),
    ("api.js", include_str!("../../../pages/assets/api.js")),
    ("words.js", include_str!("../../../pages/assets/words.js")),
    ("page.js", include_str!("../../../pages/assets/page.js")),
    ("programs.js", include_str!("../../../pages/assets/programs.js")),
    (
        "second-factor.js",
        include_str!("../../../pages/assets/second-factor.js"),
    ),
    ("step-up.js", include_str!("../../../pages/assets/step-up.js")),
    ("webauthn.js", include_str!("../../../pages/assets/webauthn.js")),
    ("entry.js", include_str!("../../../pages/assets/entry.js")),
    ("entry-page.js", include_str!("../../../pages/assets/entry-page.js")),
    ("start.js", include_str!("../../../pages/assets/start.js")),
    ("own.js", include_str!("../../../pages/assets/own.js")),
    ("account.js", include_str!("../../../pages/assets/account.js")),
    ("activity.js", include_str!("../../../pages/assets/activity.js")),
    ("security.js", include_str!("../../../pages/assets/security.js")),
    ("factors.js", include_str!("../../../pages/assets/factors.js")),
    ("passkeys.js", include_str!("../../../pages/assets/passkeys.js")),
    ("identities.js", include_str!("../../../pages/assets/identities.js")),
    ("data.js", include_str!("../../../pages/assets/data.js")),
    ("recover.js", include_str!("../../../pages/assets/recover.js")),
    ("admin.js", include_str!("../../../pages/assets/admin.js")),
    (
        "admin-overview.js",
        include_str!("../../../pages/assets/admin-overview.js"),
    ),
    ("chart.js", include_str!("../../../pages/assets/chart.js")),
    ("admin-users.js", include_str!("../../../pages/assets/admin-users.js")),
    ("admin-user.js", include_str!("../../../pages/assets/admin-user.js")),
    ("admin-events.js", include_str!("../../../pages/assets/admin-events.js")),
    (
        "admin-webhooks.js",
        include_str!("../../../pages/assets/admin-webhooks.js"),
    ),
    ("session-item.js", include_str!("../../../pages/assets/session-item.js")),
    ("sessions.js", include_str!("../../../pages/assets/sessions.js")),
];

/// The logo of a service without one of its own.
pub const LOGO: &str = include_str!("../../../pages/assets/logo.svg");

/// The colours by day and by night, and the head line: the look that all pages share, also Swagger UI and the inbox.
pub const DAY: &str = include_str!("../../../pages/look/day.css");
pub const NIGHT: &str = include_str!("../../../pages/look/night.css");
pub const HEAD: &str = include_str!("../../../pages/look/head.css");

/// The media type of a file by the end of its name.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("png") => "image/png",
        _ => "image/svg+xml",
    }
}
