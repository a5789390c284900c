//! `/assets/{version}/{file}`: what pages load. Its address changes with its content, so browsers keep it for ever.

use poem::http::{HeaderMap, StatusCode, header};
use poem::{Request, Response, Result};

use crate::api::error::{ApiError, ErrorCode};
use crate::app::pages::Pages;

/// The path of an asset; it takes GET.
pub const PATH: &str = "/assets/:version/:file";

/// A year, the longest time that caches are asked for.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// For an address of another version: during an update, a page of one release may ask another one for its parts.
const ASK_AGAIN: &str = "no-cache";

pub fn answer(pages: &Pages, request: &Request) -> Result<Response> {
    let part = |name| request.raw_path_param(name).unwrap_or_default();
    let Some(asset) = pages.assets.file(part("file")) else {
        return Err(ApiError::from(ErrorCode::NotFound).into());
    };
    let is_current = part("version") == pages.assets.version();
    let response = Response::builder()
        .header(header::CACHE_CONTROL, if is_current { FOR_EVER } else { ASK_AGAIN })
        .header(header::ETAG, &asset.etag);
    if has(request.headers(), &asset.etag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    Ok(response.content_type(asset.content_type).body(asset.content.clone()))
}

/// Whether the client has the asset with this validator already.
fn has(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}
