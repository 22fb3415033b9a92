<?xml version="1.0" encoding="UTF-8"?>
<!-- The answer of SimpleStockQuoteService as the answer to the sample's custom quote request. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:m="http://services.samples" xmlns:ax="http://services.samples/xsd" exclude-result-prefixes="m ax">
  <xsl:output method="xml" omit-xml-declaration="yes"/>
  <xsl:template match="/">
    <xsl:apply-templates select="//m:return"/>
  </xsl:template>
  <xsl:template match="m:return">
    <m:CheckPriceResponse xmlns:m="http://services.samples">
      <m:Code><xsl:value-of select="*[local-name() = 'symbol']"/></m:Code>
      <m:Price><xsl:value-of select="*[local-name() = 'last']"/></m:Price>
    </m:CheckPriceResponse>
  </xsl:template>
</xsl:stylesheet>
