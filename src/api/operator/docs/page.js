// Starts Swagger UI with the document `openapi`, changed so that a first try works.

const random = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
const methods = Object.values(openapi.paths).flatMap((path) => Object.values(path));

// Examples name an account that does not exist yet: others may have tried the published example before.
function unique(example) {
  const text = JSON.stringify(example).replace(/(\w+)@example\.com/g, `$1-${random}@example.com`);
  return JSON.parse(text.replace(/"johndoe"/g, `"johndoe-${random}"`));
}

const parameters = { user_id: "me", email: unique("user@example.com") };

for (const operation of methods) {
  for (const media of Object.values(operation.requestBody?.content ?? {})) media.example = unique(media.example);
  for (const parameter of operation.parameters ?? []) {
    if (parameter.name in parameters) parameter.example = parameters[parameter.name];
  }
}

// Without servers, Swagger UI calls the address it was loaded from. That may be 127.0.0.1 where the public URL says
// localhost, and a browser sends no cookie from one to the other.
delete openapi.servers;

// A script can't set the cookie, so a field for it would do nothing.
delete openapi.components.securitySchemes.sessionCookie;
for (const operation of methods) {
  operation.security = operation.security?.filter((scheme) => !("sessionCookie" in scheme));
}
const signIn = "On this page, try `signUp` or `logIn`: your browser keeps the cookie, and you are signed in.";
openapi.info.description += `\n\n${signIn}`;
openapi.components.securitySchemes.bearerToken.description =
  `Enter the \`access\` token that \`signUpWithTokens\` or \`obtainTokenPair\` returned. The operations that need a ` +
  `session cookie need nothing here. ${signIn}`;

// A link inside a button can't be reached with a screen reader; the whole button opens the operation anyway.
const plainPaths = () => ({ wrapComponents: { DeepLink: (_, { React }) => ({ text }) => React.createElement("span", null, text) } });

SwaggerUIBundle({ dom_id: "#ui", spec: openapi, deepLinking: true, plugins: [plainPaths] });

// What Swagger UI leaves out for readers who use a keyboard or a screen reader.
const names = {
  ".close-modal": "Close",
  ".copy-to-clipboard button": "Copy",
  ".modal-btn.authorize": "Authorize",
  ".body-param textarea": "Request body",
  "select.examples-select-element": "Example",
};

function complete() {
  for (const [selector, name] of Object.entries(names)) {
    for (const element of document.querySelectorAll(selector)) element.setAttribute("aria-label", name);
  }
  for (const table of document.querySelectorAll("table[role=region]")) table.removeAttribute("role");
  for (const text of document.querySelectorAll("pre.microlight, .highlight-code pre")) text.tabIndex = 0;
}
new MutationObserver(complete).observe(document.getElementById("ui"), { childList: true, subtree: true });
