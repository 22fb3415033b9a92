/**
 * Reads `store` (MessageStoreMediatorFactory):
 *
 *   <store messageStore="name|{xpath}" [sequence="key"]/>
 */
import { attributeOf } from "../../../config/xml-query.ts";
import { StoreMediator } from "../../mediators/store.ts";
import type { MediatorReader } from "./read-context.ts";

export const storeReader: MediatorReader = {
  name: "store",
  read(element, context) {
    const name = attributeOf(element, "messageStore")?.trim();
    if (!name)
      return context.error(
        element,
        "Message Store mediator must have a Message store defined: the 'messageStore' attribute is required",
      );
    const store = context.keyReference(element, name);
    return (
      store && new StoreMediator({ store, sequence: attributeOf(element, "sequence")?.trim() })
    );
  },
};
