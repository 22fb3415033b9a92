/**
 * The sequences that every node has when its repository does not define them, as EI ships them: `main` logs and sends
 * only what is addressed to the sample back end, `fault` logs and drops.
 */

/** A `<definitions>` document with `main` and `fault`. */
export const DEFAULT_SEQUENCES = `<definitions xmlns="http://ws.apache.org/ns/synapse">
  <sequence name="main">
    <in>
      <log level="full"/>
      <filter source="get-property('To')" regex="http://localhost:9000.*"><send/></filter>
    </in>
    <out><send/></out>
  </sequence>
  <sequence name="fault">
    <log level="full">
      <property name="MESSAGE" value="Executing default 'fault' sequence"/>
      <property name="ERROR_CODE" expression="get-property('ERROR_CODE')"/>
      <property name="ERROR_MESSAGE" expression="get-property('ERROR_MESSAGE')"/>
    </log>
    <drop/>
  </sequence>
</definitions>`;
