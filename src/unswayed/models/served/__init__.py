"""Models behind an OpenAI-compatible server: vLLM, SGLang, OpenAI, Gemini, or any other."""
