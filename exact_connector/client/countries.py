"""Sites of Exact Online. Apps, users, divisions and tokens belong to one site (API sheet 1.1)."""

COUNTRIES: dict[str, tuple[str, str]] = {
    "nl": ("Netherlands", "https://start.exactonline.nl"),
    "be": ("Belgium", "https://start.exactonline.be"),
    "de": ("Germany", "https://start.exactonline.de"),
    "fr": ("France", "https://start.exactonline.fr"),
    "es": ("Spain", "https://start.exactonline.es"),
    "uk": ("United Kingdom", "https://start.exactonline.co.uk"),
    "us": ("United States", "https://start.exactonline.com"),
}
