use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::built_in::ASSETS;
use super::words::names;
use super::*;

fn setup(folder: Option<&Path>) -> PagesSetup {
    PagesSetup {
        templates: folder.map(Path::to_owned),
        brand: BrandSetup {
            name: "Example <App>".to_owned(),
            colour: "#1d4ed8".parse().unwrap(),
            logo: None,
            link: None,
        },
        start_url: None,
    }
}

fn facts() -> Facts {
    Facts {
        offers: vec![Offer::Docs, Offer::SignUp],
        minimum: 8,
        providers: Vec::new(),
        return_to: "/\"><script>".to_owned(),
        query: String::new(),
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn error_for(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), name, text);
    let error = Pages::new(setup(Some(folder.path()))).err();
    error.map(|error| format!("{error:#}")).unwrap_or_default()
}

#[test]
fn every_page_is_rendered_in_english_and_german_and_shows_values_as_text() {
    let pages = Pages::new(setup(None)).unwrap();
    for name in Pages::NAMES {
        let english = pages.render(name, &Languages::parse("fr"), &facts()).unwrap();
        let german = pages.render(name, &Languages::parse("de-AT"), &facts()).unwrap();
        assert_eq!((english.language.as_str(), german.language.as_str()), ("en", "de"));
        assert!(german.html.contains("<html lang=\"de\""), "{name}");
        assert!(english.html.contains("Example &lt;App&gt;"), "{name}");
        assert!(!english.html.contains("\"><script>"), "{name}");
        assert_ne!(english.html, german.html, "{name}");
    }
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_places() {
    let [english, german] = WORDS.map(|(_, text)| serde_json::from_str::<serde_json::Value>(text).unwrap());
    let in_order = |all| {
        names(all)
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    assert_eq!(in_order(&english), in_order(&german));
    for name in in_order(&english) {
        let place = format!("/{}", name.replace('.', "/"));
        let marks = |json: &serde_json::Value| -> BTreeSet<String> {
            let text = json.pointer(&place).unwrap().as_str().unwrap().to_owned();
            assert!(!text.trim().is_empty(), "{name}");
            text.split('{')
                .skip(1)
                .map(|rest| rest.split('}').next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(marks(&english), marks(&german), "{name}");
    }
}

#[test]
fn every_text_is_used_and_every_file_of_the_folder_is_built_in() {
    let templates = TEMPLATES.map(|(_, text)| text).concat();
    let scripts = ASSETS.map(|(_, text)| text).concat();
    let english = serde_json::from_str(WORDS[0].1).unwrap();
    for (name, _) in names(&english).unwrap() {
        let (section, key) = name.split_once('.').unwrap();
        let is_code = ["actor_", "error_", "event_", "issue_", "provider_", "status_"]
            .iter()
            .any(|group| key.starts_with(group));
        let is_used = match section {
            "script" | "admin_script" => is_code || scripts.contains(&format!("\"{key}\"")),
            _ => templates.contains(&format!("words.{name}")),
        };
        assert!(is_used, "{name} is shown nowhere");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let files = entries.filter(|entry| entry.path().is_file());
        files.map(|entry| entry.file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names(&folder), TEMPLATES.map(|(name, _)| name.to_owned()).into());
    let mut assets = names(&folder.join("assets"));
    assert!(assets.remove("logo.svg"));
    assert_eq!(assets, ASSETS.map(|(name, _)| name.to_owned()).into());
}

#[test]
fn assets_are_packed_and_no_line_of_theirs_goes_on_inside_quotes() {
    for (name, text) in ASSETS {
        assert!(text.lines().all(|line| line.matches('`').count() % 2 == 0), "{name}");
    }
    let pages = Pages::new(setup(None)).unwrap();
    for (name, text) in ASSETS {
        let packed = String::from_utf8(pages.assets.file(name).unwrap().content.to_vec()).unwrap();
        let marks = |text: &str| (text.matches("/*").count(), text.matches("*/").count());
        assert_eq!(marks(&packed), (0, 0), "{name}");
        for line in packed.lines() {
            // The look that all pages share is added to the style sheet.
            assert!(text.contains(line) || name == "style.css", "{name}: {line}");
            assert!(!line.starts_with("//") && line == line.trim(), "{name}: {line}");
        }
        assert!(!packed.is_empty(), "{name}");
    }
}

#[test]
fn an_operator_replaces_texts_and_templates_and_adds_languages() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "fr/words.json", r#"{"log_in": {"title": "Connexion"}}"#);
    write(
        folder.path(),
        "de/words.json",
        r#"{"log_in": {"title": "Hereinspaziert"}}"#,
    );
    write(folder.path(), "sign_up.html", "{% include \"_own.html\" %}");
    write(
        folder.path(),
        "_own.html",
        "<p lang=\"{{ language }}\">{{ words.log_in.title }}</p>",
    );
    write(folder.path(), ".git/x", "");
    let pages = Pages::new(setup(Some(folder.path()))).unwrap();
    let shown = |name, languages| pages.render(name, &Languages::parse(languages), &facts()).unwrap().html;
    assert!(shown("log_in", "fr-CH").contains("Connexion"));
    assert!(shown("log_in", "fr-CH").contains("<html lang=\"fr\""));
    assert!(shown("log_in", "de").contains("Hereinspaziert"));
    assert_eq!(shown("sign_up", "fr"), "<p lang=\"fr\">Connexion</p>");
}

#[test]
fn what_cannot_be_used_is_found_at_the_start_and_named() {
    for (name, text, sentence) in [
        (
            "login.html",
            "",
            "there is no page template login.html; did you mean `log_in.html`?",
        ),
        (
            "fr/word.json",
            "{}",
            "there is no page template fr/word.json; did you mean `words.json`?",
        ),
        ("français/words.json", "{}", "the folder français is not a language"),
        ("fr/words.json", "{", "PAGE_TEMPLATES: fr/words.json"),
        ("fr/words.json", "[]", "write sections with texts"),
        (
            "fr/words.json",
            r#"{"log_in": {"title": 1}}"#,
            "log_in.title must be a text",
        ),
        (
            "fr/words.json",
            r#"{"log_in": {"titel": "x"}}"#,
            "there is no text log_in.titel; did you mean `log_in.title`?",
        ),
        ("log_in.html", "{% if %}", "the page template log_in.html"),
        ("log_in.html", "{{ nonsense }}", "the page template log_in.html"),
        (
            "log_in.html",
            "\n",
            "the page template log_in.html in the language de is empty",
        ),
    ] {
        let error = error_for(name, text);
        assert!(error.contains(sentence), "{name}: {error}");
    }
    assert_eq!(error_for("README.md", "notes"), "");
}
