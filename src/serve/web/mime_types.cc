#include "serve/web/mime_types.h"

#include <algorithm>
#include <utility>

namespace transom::serve {
namespace {

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".aac", "audio/aac"},
    {".apng", "image/apng"},
    {".atom", "application/atom+xml"},
    {".avif", "image/avif"},
    {".bin", "application/octet-stream"},
    {".bmp", "image/bmp"},
    {".bz2", "application/x-bzip2"},
    {".css", "text/css"},
    {".csv", "text/csv"},
    {".eot", "application/vnd.ms-fontobject"},
    {".epub", "application/epub+zip"},
    {".flac", "audio/flac"},
    {".geojson", "application/geo+json"},
    {".gif", "image/gif"},
    {".gz", "application/gzip"},
    {".htm", "text/html"},
    {".html", "text/html"},
    {".ico", "image/vnd.microsoft.icon"},
    {".ics", "text/calendar"},
    {".jgz", "text/javascript"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".jsonld", "application/ld+json"},
    {".jxl", "image/jxl"},
    {".log", "text/plain"},
    {".m3u8", "application/vnd.apple.mpegurl"},
    {".m4a", "audio/mp4"},
    {".map", "application/json"},
    {".md", "text/markdown"},
    {".mjs", "text/javascript"},
    {".mov", "video/quicktime"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".oga", "audio/ogg"},
    {".ogg", "audio/ogg"},
    {".ogv", "video/ogg"},
    {".opus", "audio/ogg"},
    {".otf", "font/otf"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".rss", "application/rss+xml"},
    {".rtf", "application/rtf"},
    {".svg", "image/svg+xml"},
    {".tar", "application/x-tar"},
    {".tif", "image/tiff"},
    {".tiff", "image/tiff"},
    {".ttf", "font/ttf"},
    {".txt", "text/plain"},
    {".wasm", "application/wasm"},
    {".wav", "audio/wav"},
    {".weba", "audio/webm"},
    {".webm", "video/webm"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff", "font/woff"},
    {".woff2", "font/woff2"},
    {".xhtml", "application/xhtml+xml"},
    {".xml", "application/xml"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".zip", "application/zip"},
    {".zst", "application/zstd"},
};

std::string lower_extension(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string extension(file_name.substr(dot));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

std::string_view bare_type(const std::string& extension, const std::map<std::string, std::string>& extra) {
  if (const auto found = extra.find(extension); found != extra.end()) return found->second;
  for (const auto& [known, type] : kTypes)
    if (known == extension) return type;
  return "application/octet-stream";
}

}  // namespace

std::string content_type(std::string_view file_name, const std::map<std::string, std::string>& extra) {
  std::string type(bare_type(lower_extension(file_name), extra));
  const bool names_charset = type.find(';') != std::string::npos;
  const bool is_text = type.starts_with("text/") || type.ends_with("+xml") || type == "application/xml";
  return is_text && !names_charset ? type + "; charset=utf-8" : type;
}

}  // namespace transom::serve
