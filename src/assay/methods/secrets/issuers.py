"""Tokens with a prefix of their own whose body is drawn at random: a line an issuer.

Services of machine learning, package registries, clouds, messaging, payment. A body that repeats itself or says that it is an
example is none.
"""

from __future__ import annotations

import re

from assay.methods.secrets.plausible import entropy, is_placeholder
from assay.methods.secrets.rule import Judge, Judged, Place, Rule, Severity, token

_MOST = 1_500  # characters of the longest of them, Fly.io's
_LEAST = 3.0  # bits a character of a body; hexadecimal digits give at most 4


def _drawn(severity: Severity, prefix: str) -> Judge:
    size = len(prefix)

    def judge(match: re.Match[bytes], place: Place) -> Judged | None:
        body = match["secret"][size:]
        if len(body) > _MOST or entropy(body) < _LEAST or is_placeholder(body):
            return None
        return Judged(severity)

    return judge


_TABLE: tuple[tuple[str, str, Severity, str, str], ...] = (
    # models and their data
    ("huggingface_token", "Hugging Face token", "critical", "hf_", r"[A-Za-z]{34}"),
    ("huggingface_token", "Hugging Face token", "critical", "api_org_", r"[A-Za-z]{34}"),
    ("anthropic_key", "Anthropic API key", "critical", "sk-ant-", r"(?:api|admin|oat|sid)\d\d-[0-9A-Za-z_\-]{80,120}"),
    ("openai_key", "OpenAI API key", "critical", "sk-proj-", r"[0-9A-Za-z_\-]{40,200}"),
    ("openai_key", "OpenAI API key", "critical", "sk-svcacct-", r"[0-9A-Za-z_\-]{40,200}"),
    ("openai_key", "OpenAI API key", "critical", "sk-admin-", r"[0-9A-Za-z_\-]{40,200}"),
    ("openai_key", "OpenAI API key", "critical", "sk-", r"[0-9A-Za-z]{20}T3BlbkFJ[0-9A-Za-z]{20}"),
    ("openrouter_key", "OpenRouter API key", "high", "sk-or-v1-", r"[0-9a-f]{64}"),
    ("groq_key", "Groq API key", "high", "gsk_", r"[0-9A-Za-z]{52}"),
    ("replicate_token", "Replicate API token", "high", "r8_", r"[0-9A-Za-z]{37}"),
    ("nvidia_key", "NVIDIA API key", "high", "nvapi-", r"[0-9A-Za-z_\-]{60,70}"),
    ("xai_key", "xAI API key", "high", "xai-", r"[0-9A-Za-z]{70,90}"),
    ("perplexity_key", "Perplexity API key", "high", "pplx-", r"[0-9A-Za-z]{48,56}"),
    ("langsmith_key", "LangSmith API key", "high", "lsv2_", r"(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("pinecone_key", "Pinecone API key", "high", "pcsk_", r"[0-9A-Za-z]{5,8}_[0-9A-Za-z]{50,70}"),
    ("langfuse_key", "Langfuse secret key", "high", "sk-lf-", r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    ("wandb_key", "Weights & Biases API key", "high", "wandb_v1_", r"[0-9A-Za-z_]{40,100}"),
    ("kaggle_key", "Kaggle API token", "high", "KGAT_", r"[0-9a-f]{32}"),
    ("runpod_key", "RunPod API key", "high", "rpa_", r"[0-9A-Z]{40,46}[0-9a-z]{0,6}"),
    ("databricks_token", "Databricks token", "critical", "dapi", r"[0-9a-f]{32}(?:-\d)?"),
    ("databricks_token", "Databricks OAuth secret", "critical", "dose", r"[0-9a-f]{32}"),
    ("prefect_key", "Prefect API key", "high", "pnu_", r"[0-9A-Za-z]{36}"),
    # packages
    ("rubygems_key", "RubyGems API key", "critical", "rubygems_", r"[0-9a-f]{48}"),
    ("docker_token", "Docker Hub access token", "critical", "dckr_pat_", r"[0-9A-Za-z_\-]{27}"),
    ("docker_token", "Docker Hub access token", "critical", "dckr_oat_", r"[0-9A-Za-z_\-]{32}"),
    ("nuget_key", "NuGet API key", "high", "oy2", r"[a-z0-9]{43}"),
    ("crates_token", "crates.io token", "high", "cio", r"[0-9A-Za-z]{32}"),
    ("artifactory_key", "Artifactory API key", "high", "AKCp", r"[0-9A-Za-z]{69}"),
    # clouds and their tools
    ("digitalocean_token", "DigitalOcean token", "critical", "dop_v1_", r"[0-9a-f]{64}"),
    ("digitalocean_token", "DigitalOcean token", "critical", "doo_v1_", r"[0-9a-f]{64}"),
    ("digitalocean_token", "DigitalOcean refresh token", "critical", "dor_v1_", r"[0-9a-f]{64}"),
    ("vault_token", "HashiCorp Vault token", "critical", "hvs.", r"[0-9A-Za-z_\-]{90,200}"),
    ("vault_token", "HashiCorp Vault batch token", "high", "hvb.", r"[0-9A-Za-z_\-]{130,300}"),
    ("pulumi_token", "Pulumi access token", "high", "pul-", r"[0-9a-f]{40}"),
    ("doppler_token", "Doppler token", "high", "dp.pt.", r"[0-9A-Za-z]{40,44}"),
    ("tailscale_key", "Tailscale key", "high", "tskey-", r"[a-z]{3,10}-[0-9A-Za-z]{8,20}-[0-9A-Za-z]{20,40}"),
    ("planetscale_token", "PlanetScale token", "critical", "pscale_tkn_", r"[0-9A-Za-z_.\-]{32,64}"),
    ("planetscale_token", "PlanetScale password", "critical", "pscale_pw_", r"[0-9A-Za-z_.\-]{32,64}"),
    ("supabase_key", "Supabase access token", "high", "sbp_", r"[0-9a-f]{40}"),
    ("supabase_key", "Supabase secret key", "high", "sb_secret_", r"[0-9A-Za-z_\-]{31,40}"),
    ("netlify_token", "Netlify token", "high", "nfp_", r"[0-9A-Za-z]{36}"),
    ("alibaba_key", "Alibaba Cloud access key id", "high", "LTAI", r"[0-9A-Za-z]{17,21}"),
    ("tencent_key", "Tencent Cloud secret id", "high", "AKID", r"[0-9A-Za-z]{32}"),
    ("fly_token", "Fly.io token", "high", "fm2_", r"[0-9A-Za-z+/=,_]{100,}"),
    ("grafana_token", "Grafana Cloud token", "high", "glc_", r"eyJ[0-9A-Za-z+/=]{40,400}"),
    ("newrelic_key", "New Relic user key", "high", "NRAK-", r"[0-9A-Z]{27}"),
    ("sentry_token", "Sentry token", "high", "sntrys_", r"eyJ[0-9A-Za-z+/=_]{60,400}"),
    ("sentry_token", "Sentry token", "high", "sntryu_", r"[0-9a-f]{64}"),
    ("dynatrace_token", "Dynatrace token", "high", "dt0c01.", r"[0-9A-Z]{24}\.[0-9A-Z]{64}"),
    ("postman_key", "Postman API key", "high", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    ("linear_key", "Linear API key", "high", "lin_api_", r"[0-9A-Za-z]{40}"),
    ("notion_token", "Notion token", "high", "ntn_", r"[0-9A-Za-z]{43,50}"),
    ("figma_token", "Figma token", "medium", "figd_", r"[0-9A-Za-z_\-]{38,46}"),
    ("airtable_token", "Airtable token", "high", "pat", r"[0-9A-Za-z]{14}\.[0-9a-f]{64}"),
    ("readme_key", "ReadMe API key", "medium", "rdme_", r"[0-9a-z]{70}"),
    ("contentful_token", "Contentful token", "medium", "CFPAT-", r"[0-9A-Za-z_\-]{43}"),
    # messages
    ("slack_token", "Slack token", "critical", "xoxb-", r"[0-9]{8,14}-[0-9]{8,14}-[0-9A-Za-z]{18,40}"),
    ("slack_token", "Slack token", "critical", "xoxp-", r"(?:[0-9]{8,14}-){2,3}[0-9A-Za-z]{24,40}"),
    ("slack_token", "Slack token", "critical", "xoxa-", r"(?:2-)?(?:[0-9]{8,14}-){2,3}[0-9A-Za-z]{24,64}"),
    ("slack_token", "Slack refresh token", "high", "xoxe-1-", r"[0-9A-Za-z]{100,200}"),
    ("slack_token", "Slack configuration token", "high", "xoxe.xoxp-1-", r"[0-9A-Za-z]{120,200}"),
    ("slack_token", "Slack app token", "critical", "xapp-", r"\d-[0-9A-Z]{8,14}-[0-9]{8,14}-[0-9a-f]{64}"),
    ("sendgrid_key", "SendGrid API key", "critical", "SG.", r"[0-9A-Za-z_\-]{22}\.[0-9A-Za-z_\-]{43}"),
    ("mailgun_key", "Mailgun key", "high", "key-", r"[0-9a-f]{32}"),
    ("brevo_key", "Brevo API key", "high", "xkeysib-", r"[0-9a-f]{64}-[0-9A-Za-z]{16}"),
    # money
    ("stripe_key", "Stripe live key", "critical", "sk_live_", r"[0-9A-Za-z]{24,247}"),
    ("stripe_key", "Stripe live key", "critical", "rk_live_", r"[0-9A-Za-z]{24,247}"),
    ("stripe_key", "Stripe test key", "low", "sk_test_", r"[0-9A-Za-z]{24,247}"),
    ("stripe_key", "Stripe test key", "low", "rk_test_", r"[0-9A-Za-z]{24,247}"),
    ("stripe_key", "Stripe webhook secret", "high", "whsec_", r"[0-9A-Za-z+/=]{32,64}"),
    ("square_key", "Square access token", "critical", "sq0atp-", r"[0-9A-Za-z_\-]{22}"),
    ("square_key", "Square application secret", "critical", "sq0csp-", r"[0-9A-Za-z_\-]{43}"),
    ("shopify_token", "Shopify token", "critical", "shpat_", r"[0-9a-fA-F]{32}"),
    ("shopify_token", "Shopify token", "critical", "shpca_", r"[0-9a-fA-F]{32}"),
    ("shopify_token", "Shopify password", "critical", "shppa_", r"[0-9a-fA-F]{32}"),
    ("shopify_token", "Shopify shared secret", "critical", "shpss_", r"[0-9a-fA-F]{32}"),
)  # fmt: skip

# Of prefixes that begin many words, an expression that few words match.
_LETTER = "[0-9A-Za-z]"
_SIEVES = {
    "pat": rf"pat{_LETTER}+\.[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
    "cio": rf"\bcio{_LETTER * 24}",
    "oy2": rf"\boy2{_LETTER * 16}",
    "key-": r"\bkey-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
    "dose": r"dose[0-9a-f][0-9a-f][0-9a-f][0-9a-f]",
    "sk-": r"T3BlbkFJ",
}

RULES: tuple[Rule, ...] = tuple(
    token(
        name,
        title,
        severity,
        prefix,
        body,
        judge=_drawn(severity, prefix),
        sieve=_SIEVES.get(prefix, ""),
        reach=_MOST + 100,
    )
    for name, title, severity, prefix, body in _TABLE
)
