print("lora-tool")
