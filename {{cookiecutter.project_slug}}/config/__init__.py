raise SystemExit(
    "This project is not finished: it was generated without its hooks. Generate it again, and accept them."
)
