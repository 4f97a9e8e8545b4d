package detectors

import "sprawl/finding"

const (
	openaiKeys    = "https://platform.openai.com/docs/api-reference/admin-api-keys"
	openaiHelp    = "https://help.openai.com/en/articles/9186755-managing-your-work-in-the-api-platform-with-projects"
	anthropicKeys = "https://platform.claude.com/docs/en/api/admin/api_keys/list"
	hfTokens      = "https://huggingface.co/docs/hub/security-tokens"
)

// ai is the kinds of model providers and their tools.
func ai() []Detector {
	marked := func(prefix string) []Shape { // the marker is the base64 of "OpenAI"
		return []Shape{
			Token(Lit(prefix), Range(Base64URL, 20, 100), Lit("T3BlbkFJ"), Range(Base64URL, 20, 100)),
		}
	}
	openai := func(id, title, prefix string, human finding.Trait) Detector {
		return Detector{
			ID: id, Provider: "openai", Title: title, Shapes: marked(prefix),
			Traits: Traits{Scoped: yes(openaiHelp), LastUsed: yes(openaiKeys), Overlap: yes(openaiHelp), HumanIssued: human},
			Rotate: "make a second key in the same project at https://platform.openai.com/api-keys, update every consumer, then delete this one",
			Revoke: "delete it at https://platform.openai.com/api-keys",
			Docs:   openaiHelp, Format: fromCorpus,
		}
	}
	return append([]Detector{
		openai("openai-project-key", "OpenAI project key", "sk-proj-", finding.Trait{}),
		openai("openai-service-account-key", "OpenAI service account key", "sk-svcacct-", no(openaiHelp)),
		openai("openai-admin-key", "OpenAI admin key", "sk-admin-", finding.Trait{}),
		{
			ID: "openai-api-key", Provider: "openai", Title: "OpenAI user key of the old form",
			Shapes: []Shape{Token(Lit("sk-"), Chars(Base62, 20), Lit("T3BlbkFJ"), Chars(Base62, 20)), Token(Lit("sk-None-"), Range(Base64URL, 20, 100), Lit("T3BlbkFJ"), Range(Base64URL, 20, 100))},
			Named:  []Named{{Keywords: []string{"openai"}, Names: []string{"key", "token", "secret"}, Value: []Shape{Token(Lit("sk-"), Range(Base64URL, 32, 180))}, MinEntropy: 3.5}},
			Traits: Traits{Scoped: no(openaiHelp), LastUsed: yes(openaiKeys), Overlap: yes(openaiHelp), HumanIssued: yes(openaiHelp)},
			Rotate: "make a project or service account key at https://platform.openai.com/api-keys, update every consumer, then delete this one",
			Revoke: "delete it at https://platform.openai.com/api-keys",
			Docs:   openaiHelp, Format: fromCorpus,
		},
		{
			ID: "anthropic-api-key", Provider: "anthropic", Title: "Anthropic API key",
			Shapes: []Shape{Token(Lit("sk-ant-api03-"), Chars(Base64URL, 93), Lit("AA"))},
			Named:  []Named{{Keywords: []string{"anthropic", "claude"}, Names: []string{"key", "token"}, Value: []Shape{Token(Lit("sk-ant-"), Range(Base64URL, 80, 140))}}},
			Traits: Traits{LastUsed: no(anthropicKeys), Scoped: yes(anthropicKeys), Overlap: yes(anthropicKeys), RotateAPI: no(anthropicKeys)},
			Rotate: "make a second key in the same workspace at https://platform.claude.com/settings/keys, update every consumer, then disable this one",
			Revoke: "curl -X POST https://api.anthropic.com/v1/organizations/api_keys/KEY_ID -H 'x-api-key: ADMIN' -d '{\"status\":\"inactive\"}'",
			Docs:   anthropicKeys, Format: anthropicKeys,
		},
		{
			ID: "anthropic-admin-key", Provider: "anthropic", Title: "Anthropic admin key",
			Shapes: []Shape{Token(Lit("sk-ant-admin01-"), Chars(Base64URL, 93), Lit("AA"))},
			Traits: Traits{Overlap: yes("https://platform.claude.com/docs/en/api/administration-api")},
			Rotate: "make a second admin key at https://platform.claude.com/settings/admin-keys, update every consumer, then delete this one",
			Revoke: "delete it at https://platform.claude.com/settings/admin-keys",
			Docs:   "https://platform.claude.com/docs/en/api/administration-api", Format: fromCorpus,
		},
		{
			ID: "anthropic-oauth-token", Provider: "anthropic", Title: "Anthropic OAuth token",
			Shapes: []Shape{Token(Lit("sk-ant-oat01-"), Range(Base64URL, 80, 120)), Token(Lit("sk-ant-ort01-"), Range(Base64URL, 80, 120))},
			Traits: Traits{Expires: yes("https://code.claude.com/docs/en/authentication"), HumanIssued: yes("https://code.claude.com/docs/en/authentication")},
			Rotate: "sign in again", Revoke: "sign out of all sessions in the account's settings",
			Docs: "https://code.claude.com/docs/en/authentication", Format: fromCorpus,
		},
		{
			ID: "huggingface-token", Provider: "huggingface", Title: "Hugging Face user token",
			Shapes: []Shape{Token(Lit("hf_"), Chars(Letters, 34)), Token(Lit("hf_"), Chars(Base62, 34))},
			Traits: Traits{Scoped: yes(hfTokens), Overlap: yes(hfTokens), LastUsed: yes("https://huggingface.co/docs/hub/enterprise-tokens-management"), HumanIssued: yes(hfTokens)},
			Rotate: "make a second token with the same scopes at https://huggingface.co/settings/tokens, update every consumer, then delete this one",
			Revoke: "delete it at https://huggingface.co/settings/tokens",
			Docs:   hfTokens, Format: fromCorpus,
		},
		{
			ID: "huggingface-organisation-token", Provider: "huggingface", Title: "Hugging Face organisation token",
			Shapes: []Shape{Token(Lit("api_org_"), Chars(Base62, 34))},
			Traits: Traits{Expires: no(hfTokens)},
			Rotate: "replace it by a user access token with a role in the organisation: organisation tokens are deprecated",
			Revoke: "delete it in the organisation's settings",
			Docs:   hfTokens, Format: fromCorpus,
		},
	}, table([]tail{
		{"assemblyai-api-key", "assemblyai", "AssemblyAI API key", nil, by("assemblyai", run(Hex, 32), run(LowerNum, 32)), high, "https://www.assemblyai.com/docs", "assemblyai.com > API keys"},
		{"cerebras-api-key", "cerebras", "Cerebras API key", []Shape{tok("csk-", LowerNum, 48)}, nil, high, "https://inference-docs.cerebras.ai/", "cloud.cerebras.ai > API keys"},
		{"clarifai-api-key", "clarifai", "Clarifai key", nil, by("clarifai", run(Hex, 32)), high, "https://docs.clarifai.com/control/authentication/pat", "clarifai.com > Settings > Secrets"},
		{"cohere-api-key", "cohere", "Cohere API key", nil, byAs("cohere coapikey", "key token", run(Base62, 40)), high, "https://docs.cohere.com/docs/rate-limits", "dashboard.cohere.com > API keys"},
		{"cursor-api-key", "cursor", "Cursor API key", []Shape{tok("crsr_", Hex, 64), tok("key_", Hex, 64)}, byAs("cursor", "key token", run(Hex, 64)), high, "https://cursor.com/docs/api", "cursor.com > Dashboard > Integrations"},
		{"deepgram-api-key", "deepgram", "Deepgram API key", nil, byAs("deepgram", keyWords, run(Hex, 40), run(Base62, 40)), high, "https://developers.deepgram.com/docs/create-additional-api-keys", "console.deepgram.com > API keys"},
		{"deepseek-api-key", "deepseek", "DeepSeek API key", nil, by("deepseek", tok("sk-", LowerNum, 32)), high, "https://api-docs.deepseek.com/", "platform.deepseek.com > API keys"},
		{"elevenlabs-api-key", "elevenlabs", "ElevenLabs API key", []Shape{{Pieces: []Piece{Lit("sk_"), Chars(Hex, 48)}}}, by("elevenlabs xiapikey", run(Hex, 32)), high, "https://elevenlabs.io/docs/api-reference/authentication", "elevenlabs.io > Developers > API keys"},
		{"eraser-api-key", "eraser", "Eraser API key", nil, byAs("eraser", "key token", run(Base62, 20)), medium, "https://docs.eraser.io/", "app.eraser.io > Settings > API tokens"},
		{"fireworks-api-key", "fireworks", "Fireworks AI API key", []Shape{tok("fw_", Base62, 22, 28)}, nil, high, "https://docs.fireworks.ai/", "fireworks.ai > API keys"},
		{"groq-api-key", "groq", "Groq API key", []Shape{tok("gsk_", Base62, 50, 54)}, nil, high, "https://console.groq.com/docs/quickstart", "console.groq.com > API keys"},
		{"langsmith-personal-token", "langchain", "LangSmith personal access token", []Shape{Token(Lit("lsv2_pt_"), Chars(Hex, 32), Lit("_"), Chars(Hex, 10))}, nil, high, "https://docs.langchain.com/langsmith/create-account-api-key", "smith.langchain.com > Settings > API keys"},
		{"langsmith-service-key", "langchain", "LangSmith service key", []Shape{Token(Lit("lsv2_sk_"), Chars(Hex, 32), Lit("_"), Chars(Hex, 10))}, nil, high, "https://docs.langchain.com/langsmith/create-account-api-key", "smith.langchain.com > Settings > API keys"},
		{"mistral-api-key", "mistral", "Mistral AI API key", nil, byAs("mistral", "key token", run(Base62, 32)), high, "https://docs.mistral.ai/getting-started/quickstart/", "console.mistral.ai > API keys"},
		{"nvidia-api-key", "nvidia", "NVIDIA API key", []Shape{tok("nvapi-", Base64URL, 60, 70)}, nil, high, "https://docs.nvidia.com/ngc/gpu-cloud/ngc-user-guide/index.html", "org.ngc.nvidia.com > API keys"},
		{"ollama-api-key", "ollama", "Ollama API key", nil, byAs("ollama", "key token", Token(Chars(Hex, 32), Lit("."), Range(Base64URL, 22, 26))), high, "https://docs.ollama.com/cloud", "ollama.com > Settings > Keys"},
		{"openrouter-api-key", "openrouter", "OpenRouter API key", []Shape{tok("sk-or-v1-", Hex, 64)}, nil, high, "https://openrouter.ai/docs/api-reference/authentication", "openrouter.ai > Settings > Keys"},
		{"perplexity-api-key", "perplexity", "Perplexity API key", []Shape{tok("pplx-", Base62, 48)}, nil, high, "https://docs.perplexity.ai/getting-started/quickstart", "perplexity.ai > API keys"},
		{"pinecone-api-key", "pinecone", "Pinecone API key", []Shape{Token(Lit("pcsk_"), Range(Base62, 5, 6), Lit("_"), Range(Base62, 50, 63))}, by("pinecone", uuid()), high, "https://docs.pinecone.io/guides/projects/manage-api-keys", "app.pinecone.io > API keys"},
		{"privateai-api-token", "privateai", "Private AI API token", nil, by("privateai", run(LowerNum, 32)), medium, "https://docs.private-ai.com/", "portal.private-ai.com"},
		{"replicate-api-token", "replicate", "Replicate API token", []Shape{tok("r8_", Base62, 37)}, nil, high, "https://replicate.com/docs/topics/security/api-tokens", "replicate.com > API tokens"},
		{"stability-api-key", "stabilityai", "Stability AI API key", nil, by("stability dreamstudio", tok("sk-", Base62, 48)), high, "https://platform.stability.ai/docs/getting-started/authentication", "platform.stability.ai > API keys"},
		{"tavily-api-key", "tavily", "Tavily API key", []Shape{tok("tvly-", Base62, 32), Token(Lit("tvly-dev-"), Range(Base62, 32, 40)), Token(Lit("tvly-prod-"), Range(Base62, 32, 40))}, nil, medium, "https://docs.tavily.com/", "app.tavily.com > API keys"},
		{"together-api-key", "togetherai", "Together AI API key", []Shape{tok("tgp_v1_", Base64URL, 43)}, by("togetherai togetherapikey", run(Hex, 64)), high, "https://docs.together.ai/docs/api-keys-authentication", "api.together.ai > Settings > API keys"},
		{"wandb-api-key", "wandb", "Weights & Biases API key", []Shape{tok("wandb_v1_", Base64URL, 77)}, byAs("wandb weightsandbiases", "key token", run(Hex, 40)), high, "https://docs.wandb.ai/platform/hosting/iam/api_keys", "wandb.ai > User settings > API keys"},
		{"xai-api-key", "xai", "xAI API key", []Shape{tok("xai-", Base62, 70, 120)}, nil, high, "https://docs.x.ai/docs/overview", "console.x.ai > API keys"},
	})...)
}
