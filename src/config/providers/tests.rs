use super::*;

fn parsed(text: &str) -> anyhow::Result<Vec<ProviderSetup>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("secret"), "  s3cret\n").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    parse(text, folder.path())
}

#[test]
fn known_providers_need_little_and_others_an_issuer() {
    let providers = parsed(
        "[github]\nclient_id = 'a'\nclient_secret_file = 'secret'\n\
         [google]\nclient_id = 'b'\nclient_secret_file = 'secret'\n\
         [sso]\nkind = 'oidc'\nname = 'Example'\nissuer = 'http://localhost:9000'\nclient_id = 'c'\n\
         scopes = ['openid']\ntrust_email = true\n",
    )
    .unwrap();
    let [github, google, sso] = providers.as_slice() else {
        panic!("{providers:?}")
    };
    assert_eq!(
        (github.name.as_str(), github.scopes.as_slice()),
        ("GitHub", ["user:email".to_owned()].as_slice())
    );
    assert_eq!(github.client_secret.as_ref().unwrap().0, "s3cret");
    assert!(matches!(&google.endpoints, Endpoints::Issuer { issuer, is_google: true } if issuer == GOOGLE));
    assert_eq!((sso.name.as_str(), sso.trust_email), ("Example", true));
    assert_eq!((github.trust_email, google.trust_email), (true, true));
    assert!(sso.client_secret.is_none());
    assert!(!format!("{providers:?}").contains("s3cret"));
}

#[test]
fn other_servers_than_those_of_github_and_google_are_trusted_when_the_operator_says_so() {
    const ENTERPRISE: &str = "[github]\nclient_id = 'a'\nclient_secret_file = 'secret'\n\
        authorize_url = 'https://git.example.com/login/oauth/authorize'\n\
        token_url = 'https://git.example.com/login/oauth/access_token'\n\
        api_url = 'https://git.example.com/api/v3'\n";
    const ISSUER: &str =
        "[google]\nclient_id = 'a'\nclient_secret_file = 'secret'\nissuer = 'https://accounts.example.com'\n";
    for base in [ENTERPRISE, ISSUER] {
        for (more, expected) in [("", false), ("trust_email = true\n", true)] {
            let providers = parsed(&format!("{base}{more}")).unwrap();
            assert_eq!(providers[0].trust_email, expected, "{base}{more}");
        }
    }
}

#[test]
fn a_section_that_cannot_work_stops_the_start_with_a_sentence() {
    const GITHUB: &str = "[github]\nclient_id = 'a'\nclient_secret_file = 'secret'\n";
    const SSO: &str = "[sso]\nclient_id = 'a'\nclient_secret_file = 'secret'\n";
    for (base, more, expected) in [
        (SSO, "", "`kind` must be"),
        (SSO, "kind = 'saml'", "`kind` must be"),
        (SSO, "kind = 'oidc'", "`issuer` is missing"),
        (
            SSO,
            "kind = 'oidc'\nissuer = 'http://sso.example.com'",
            "must begin with https://",
        ),
        (
            SSO,
            "kind = 'oidc'\nissuer = 'https://a:b@sso.example.com'",
            "must not hold a name",
        ),
        (
            SSO,
            "kind = 'oidc'\nissuer = 'https://sso.example.com?a'",
            "neither query nor fragment",
        ),
        (
            SSO,
            "kind = 'oidc'\nissuer = 'https://sso.example.com'\nscopes = ['email']",
            "\"openid\"",
        ),
        (
            SSO,
            "kind = 'oidc'\nissuer = 'https://sso.example.com'\napi_url = 'https://x.example'",
            "only for GitHub",
        ),
        (GITHUB, "issuer = 'https://github.com'", "`issuer` is not for GitHub"),
        (GITHUB, "api_url = 'https://github.example.com/api'", "or none"),
        (GITHUB, "trust_email = true", "not for GitHub and Google themselves"),
        (GITHUB, "client_secret = 'x'", "unknown field"),
        (GITHUB, "scopes = ['a b']", "list of words"),
        ("[github]\nclient_id = 'a'\n", "", "`client_secret_file` is missing"),
        (
            "[github]\nclient_id = 'a'\n",
            "client_secret_file = 'empty'",
            "is empty",
        ),
        (
            "[github]\nclient_id = 'a'\n",
            "client_secret_file = 'gone'",
            "`client_secret_file`",
        ),
        (
            "[github]\nclient_id = ' '\n",
            "client_secret_file = 'secret'",
            "`client_id` is empty",
        ),
        (
            "[otp]\nkind = 'github'\nclient_id = 'a'\n",
            "client_secret_file = 'secret'",
            "belongs to the service",
        ),
    ] {
        let error = format!("{:#}", parsed(&format!("{base}{more}\n")).unwrap_err());
        assert!(error.contains(expected), "{base}{more}: {error}");
    }
    let many = (0..=MAX_PROVIDERS)
        .map(|number| format!("[p{number}]\nclient_id = 'a'\n"))
        .collect::<Vec<_>>()
        .concat();
    assert!(parsed(&many).unwrap_err().to_string().contains("at most 50"));
}
