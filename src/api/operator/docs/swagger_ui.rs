//! Swagger UI with the document inside, as one page that loads nothing else, so that it works offline.

use poem_openapi::OpenApiService;

use crate::api::spec::Document;
use crate::app::pages::look::{Look, escaped};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const START: &str = include_str!("page.js");

/// # Panics
/// When the framework's page has no style sheet or script.
pub fn page(document: &Document, look: &Look) -> String {
    // The framework has Swagger UI's files, and hands them out only inside a page of its own.
    let framework = OpenApiService::new((), "", "").swagger_ui_html();
    let style = between(&framework, "<style charset=\"UTF-8\">", "</style>");
    let script = between(&framework, "<script charset=\"UTF-8\">", "</script>");
    // Text inside a script element must not look like a tag.
    let document = document.compact().replace('<', "\\u003c");
    let parts = [
        ("BRAND-ICON", escaped(&look.logo)),
        ("<style>/* SWAGGER-UI */", format!("<style>{style}")),
        ("/* STYLE */", format!("{}{STYLE}", look.light_style)),
        ("<script>/* SWAGGER-UI */", format!("<script>{script}")),
        ("BRAND-LINK", escaped(&look.link)),
        ("BRAND-LOGO", escaped(&look.logo)),
        ("BRAND-NAME", escaped(&look.name)),
        ("/* DOCUMENT */", document),
        ("/* START */", START.to_owned()),
    ];
    // From the last to the first, so that no mark is looked for in what was put in.
    parts.iter().rev().fold(PAGE.to_owned(), |page, (mark, content)| {
        let (before, after) = page.split_once(mark).expect("the page has each mark");
        format!("{before}{content}{after}")
    })
}

fn between<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = page.split_once(start).expect("the framework's page has this element");
    rest.split_once(end).expect("the element ends").0
}
