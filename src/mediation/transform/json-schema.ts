/** JSON Schema (draft 04, as Synapse's validator reads it) by ajv; patterns inside schemas are bounded in time. The library is loaded with the first schema. */
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import { javaPattern } from "../xml/java-pattern.ts";
import type { JsonValue } from "../xml/json-value.ts";

/** What is wrong with a value; undefined when it is valid. */
export type JsonCheck = (value: JsonValue) => string | undefined;

/** @throws MediationFault (as a rejection) when the text is no JSON Schema. */
export async function compileJsonSchema(key: string, text: string): Promise<JsonCheck> {
  const { default: ajvDraft04 } = await import("ajv-draft-04");
  const Ajv = ajvDraft04.default;
  try {
    const pattern = Object.assign((source: string) => javaPattern(source, "part"), { code: "" });
    const ajv = new Ajv({
      strict: false,
      allErrors: false,
      logger: false,
      code: { regExp: pattern },
    });
    const schema = JSON.parse(text) as object;
    Reflect.deleteProperty(schema, "id");
    const validate = ajv.compile(schema);
    return (value) => {
      if (validate(value)) return undefined;
      const [error] = validate.errors ?? [];
      return `${error?.instancePath || "the value"} ${error?.message ?? "is not valid"}`;
    };
  } catch (error) {
    throw new MediationFault(
      `Error creating a new schema objects for schemas : ${key}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
